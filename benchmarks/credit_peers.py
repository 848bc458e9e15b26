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


@dataclass(frozen=True)
class Published:
    """A published AUC of a model on a set: by which protocol, and where it stands."""

    name: str
    auc: float
    model: str
    protocol: str
    source: str


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
_AMLB = "Gijsbers et al., AMLB, arXiv 2207.12560, openml/automlbenchmark score_summary.csv"
_LESSMANN = "Lessmann et al. 2015, EJOR 247, doi 10.1016/j.ejor.2015.05.030, as cited by others"
_TABPFN = "TabPFNCredit (arXiv 2605.18147), mean of its result files"
_TABARENA = "TabArena, arXiv 2506.16791, results_per_split.csv"
_THIRDS = "3 splits, a third each tested"
PUBLISHED: tuple[Published, ...] = (
    Published("german", 0.7955, "tuned random forest", "10 folds", _AMLB),
    Published("german", 0.8010, "HCES-Bag ensemble", "repeated 2-fold", _LESSMANN),
    Published("german", 0.8035, "CatBoost", _THIRDS, _TABPFN),
    Published("australian", 0.9397, "H2O AutoML", "10 folds", _AMLB),
    Published("australian", 0.9330, "HCES-Bag ensemble", "repeated 2-fold", _LESSMANN),
    Published("hmeq", 0.9686, "tuned CatBoost", _THIRDS, _TABPFN),
    Published("hmeq", 0.9908, "TabPFN", _THIRDS, _TABPFN),
    Published("taiwan", 0.7833, "tuned CatBoost", _THIRDS, _TABPFN),
    Published("taiwan", 0.7950, "TabICLv2", "one official split", _TABARENA),
    Published("taiwan", 0.7907, "tuned XGBoost", "one official split", _TABARENA),
)
