"""Sentences that must not stand as a reason: bare scores, unnamed policies, prohibited bases. Pure.

Rule book 4.3 and 10: "insufficient score", "did not meet internal policy" or "the system decided"
tell the applicant nothing. A sentence is refused when, after its figures, every word of it is one
of these; the same words beside a named factor ("fixed obligations are 62 % of income, our policy
allows 50 %") are fine.
"""

import re

_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u0963]+[^\W\d_]*)*")

_FILLER = """
about all an and any are as at based because been by did do does for from had has have in is it
its made met meet of on or our own set so such than that the their this to too under was we were
with you your not no due per pts point points
और का की के को है हैं था थी थे से में पर ने यह वह इस हमारे हमारी हमारा आपका आपकी आपके नहीं गया गई किया
कारण ही द्वारा हो
cha cho kwa la na ni si wa ya yako yetu zetu wetu hii hiyo huo kutokana kwamba
"""
_VAGUE = """
algorithm algorithmic application automated automatic automatically below bad computer credit
criteria criterion cutoff cut off declined decided decision decisions failed fail fails
generated grade grades high higher insufficient internal lender lending loan low lower minimum model
models policies policy poor refused rejected required requirement requirements risk rating rule
rules score scored scores scorecard scoring standard standards system systems threshold
unsatisfactory value unacceptable enough reached satisfied satisfy passed pass
स्कोर स्कोरिंग कम नीति आंतरिक प्रणाली सिस्टम मॉडल जोखिम निर्णय फैसला न्यूनतम सीमा अस्वीकृत मानक मानदंड
ऋण आवेदन पर्याप्त नीचे अंक अधिक क्रेडिट नियम पूरा पूरी पूरे अनुसार ऋणदाता लिया
alama chini sera ndani mfumo uamuzi umeamua kiwango hatari mkopo ombi limekataliwa vigezo cha
kutosha hazitoshi haitoshi ndogo juu modeli kanuni imeamua sheria hayakutimizwa havikutimizwa
"""
_EMPTY = frozenset((_FILLER + _VAGUE).split())

# Rule book 4.7: what a credit decision must never rest on.
_PROHIBITED_WORDS = """
caste disability ethnic ethnicity gender marital nationality pregnancy pregnant race religion
religious sex sexual tribe tribal जाति धर्म लिंग वैवाहिक dini jinsia kabila ndoa ulemavu
"""
_PROHIBITED = frozenset(_PROHIBITED_WORDS.split())


def says_nothing(sentence: str) -> bool:
    """Say whether every word of the sentence is filler or one that names no factor."""
    # A letter alone is a grade or an article, in any case no factor.
    return all(word in _EMPTY or len(word) == 1 for word in _words(sentence))


def prohibited_basis(sentence: str) -> str:
    """Return the first word that names a prohibited basis, or an empty text."""
    return next((word for word in _words(sentence) if word in _PROHIBITED), "")


def _words(sentence: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(sentence)]
