"""Whether models still judge as they did: figures of days and months, limits, incidents."""
