"""The letters in Hindi. Pure."""

from apps.letters.editions.e2026_11.hindi import HINDI as FIRST
from apps.letters.editions.e2026_12.wording import Wording

HINDI = Wording(
    **vars(FIRST),
    lapsed_subject="आपका ऋण आवेदन: हमारे प्रस्ताव की अवधि समाप्त हो गई है",
    lapsed_opening=(
        "हमने आपके लिए नीचे दी गई शर्तों पर ऋण ({product}) मंज़ूर किया था, जिसे {until} तक लेना था। "
        "यह ऋण तब तक नहीं लिया गया। हमारे प्रस्ताव की अवधि समाप्त हो गई है और यह आवेदन बंद कर दिया गया है।"
    ),
    lapsed_terms_heading="हमने क्या मंज़ूर किया था",
    lapsed_asked="आपने {term} के लिए {amount} माँगे थे।",
    dated="पत्र की तारीख़",
    right_to_reasons_heading="कारण जानने का आपका अधिकार",
    right_to_reasons=(
        "आपने जैसा ऋण माँगा था, वैसा हमने मंज़ूर नहीं किया। अगर आप {date} तक हमसे कारण पूछें, तो हम 30 "
        "दिनों के भीतर आपको सही-सही कारण लिखकर बताएँगे। यहाँ लिखें या फ़ोन करें:"
    ),
)
