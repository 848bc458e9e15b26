"""Credit scoring without a framework: pure, deterministic, no clock and no network.

`docs/scoring.md` is the guide. Where things are:

Data

- ``schema``: what a feature is, and which rows and frames fit the contract.
- ``application_schema``: the product's own features, version 1.
- ``behaviour``, ``behaviour_schema``: what months of paying say of the next ones, and its contract.
- ``inference``: a contract proposed for an unknown frame, and every repair counted.
- ``datasets``: public credit sets, each with what was known at application.
- ``portfolio``: made-up loans lived through month by month, whose true risk is known.
- ``synthetic``, ``synthetic_bureau``: made-up applications and bureau reports by formula.
- ``splitting``: which rows a model learns from, and which judge it.

Models

- ``training``: a frame and its outcomes in, a calibrated model with its evidence out.
- ``estimator``: the one shape of every model.
- ``families``, ``models``: every kind by name, made from a configuration or read from text.
- ``presets``: configurations that suit portfolios of any size.
- ``boosting``: LightGBM's trees, one after the other or as a forest.
- ``scorecard``: weights of evidence and coefficients, a model to check by hand.
- ``scorecard_points``, ``scorecard_page``: its table of points, and a page to print.
- ``binning``: features cut into bins whose bad rate can be read.
- ``xgboost_trees``, ``catboost_trees``: challengers, where they are installed.
- ``choice``: the one of several that predicts unseen rows best.
- ``blend``: several speaking as one, by weighted log-odds.
- ``tuning``: a search for boosting's parameters with a stated budget.
- ``target_statistics``: categories with many levels as their smoothed bad rate.
- ``reject_inference``: a training set in which the rejected have their say.

From margin to score

- ``calibration``, ``calibrating``: log-odds that can be believed, and how that is chosen.
- ``scaling``: probability to points and grades.
- ``serving``: scores one row, a frame or millions, with exact attributions.
- ``artefact``, ``artefact_files``: a model as text with a checksum, packed, signed, on disk.
- ``canonical``: the one byte form of a JSON value, the ground of every hash.

Explanation

- ``explain``: importance, dependence, interactions, and data for pictures.
- ``reference``: the typical approved applicant just above any cut-off, and correlated groups.
- ``principal``: which factors set an applicant apart from that reference, by scoring again.
- ``counterfactual``: the least changes that would turn an outcome, each verified.
- ``lime``: a second opinion beside exact attributions.

Measurement

- ``metrics``: ranking, level and stability in one number each (rule book 9).
- ``discrimination``: how well bad is told from good, with intervals.
- ``calibration_tests``: whether probabilities come true, by band and in the large.
- ``cutoffs``, ``profit``: what a threshold does, and what it earns.
- ``comparison``: champion against challenger on the same people.
- ``proportions``: how sure a rate is, and a ratio of two.
- ``power``: how many loans tell two default rates apart.
- ``leakage``: features that know the outcome stop the run.
- ``stability``: every segment and month, with intervals.
- ``sensitivity``, ``overstatement``: missing, noisy, extreme and false values.
- ``baseline``, ``population_stability``: what development looked like, and PSI from samples.
- ``tallies``: a sample counted in the bins of a baseline, part by part.
- ``drift``, ``concept_drift``: applicants that moved, and risk that moved.
- ``fairness``, ``alternatives``: groups at a cut-off, and models that treat them more equally.
- ``through_the_door``: everybody who applied, not only who got a loan.
"""

VERSION = "2"
