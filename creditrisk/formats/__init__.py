"""How each language writes days where nobody says it otherwise: as the pages do."""
