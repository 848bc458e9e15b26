"""What models tuned one by one reached on the public sets by the protocol of `benchmarks.credit`.

Measured by this project itself in November 2026 with LightGBM 4.7, XGBoost, CatBoost, scikit-learn
1.9 and optbinning 1.0, each tuned inside the training fold: `best` is the best single model of nine
kinds (AUC, Brier score, its name), `boosting` the tuned LightGBM alone (AUC), `blend` the mean of
four tuned models (AUC). Out of time means: trained on loans issued before 2011, tested on 2011.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peers:
    """AUC and Brier score of the best single model, AUC of tuned LightGBM and of the blend."""

    best_auc: float
    best_brier: float
    best_name: str
    boosting_auc: float
    blend_auc: float


PEERS: dict[tuple[str, str], Peers] = {
    ("german", "standard"): Peers(0.7987, 0.1603, "CatBoost", 0.7895, 0.7985),
    ("belanche", "standard"): Peers(0.8498, 0.1360, "monotone LightGBM", 0.8471, 0.8485),
    ("hmeq", "standard"): Peers(0.9746, 0.0479, "CatBoost", 0.9667, 0.9681),
    ("taiwan", "standard"): Peers(0.7857, 0.1335, "LightGBM", 0.7857, 0.7847),
    ("taiwan", "fe"): Peers(0.7886, 0.1330, "LightGBM", 0.7886, 0.7885),
    ("lendingclub", "unpriced"): Peers(0.7035, 0.1194, "LightGBM", 0.7035, 0.7043),
    ("lendingclub", "priced"): Peers(0.7104, 0.1189, "CatBoost", 0.7089, 0.7116),
    ("superlender", "standard"): Peers(0.7234, 0.1487, "EBM", 0.7172, 0.7214),
    ("australian", "standard"): Peers(0.9401, 0.0913, "XGBoost", 0.9400, 0.9408),
    ("japanese", "standard"): Peers(0.9427, 0.0900, "LightGBM", 0.9427, 0.9441),
}
OUT_OF_TIME: dict[tuple[str, str], Peers] = {
    ("lendingclub", "unpriced"): Peers(0.6992, 0.1207, "CatBoost", 0.6903, 0.6960),
    ("lendingclub", "priced"): Peers(0.7058, 0.1200, "CatBoost", 0.7020, 0.7043),
}
# The mean over different data counts each set once: Taiwan with its series summed up.
EIGHT: tuple[tuple[str, str], ...] = (
    ("german", "standard"),
    ("belanche", "standard"),
    ("hmeq", "standard"),
    ("taiwan", "fe"),
    ("lendingclub", "unpriced"),
    ("superlender", "standard"),
    ("australian", "standard"),
    ("japanese", "standard"),
)
