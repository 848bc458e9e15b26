"""The letters in Swahili. Pure."""

from apps.letters.editions.e2026_11.wording import Wording

SWAHILI = Wording(
    language="sw",
    months=(
        *("Januari", "Februari", "Machi", "Aprili", "Mei", "Juni"),
        *("Julai", "Agosti", "Septemba", "Oktoba", "Novemba", "Desemba"),
    ),
    one_month="mwezi 1",
    many_months="miezi {count}",
    rate_a_year="{rate}% kwa mwaka",
    reference="Kumbukumbu yetu",
    application="Ombi namba",
    product="Aina ya mkopo",
    asked_for="Uliomba",
    received="Lilipokelewa",
    decided="Tarehe ya uamuzi",
    telephone="Simu {phone}",
    email="Barua pepe {email}",
    page_label="Ukurasa {page} kati ya {pages}",
    salutation="Ndugu {name},",
    closing="Wako mwaminifu,",
    declined_subject="Ombi lako la mkopo: hatuwezi kukupa mkopo huu",
    declined_opening=(
        "Asante kwa kuomba mkopo ({product}) kwetu. Tumelichunguza ombi lako kwa makini. "
        "Tunasikitika kukujulisha kwamba hatuwezi kukupa mkopo huu."
    ),
    reasons_heading="Kwa nini tumeamua hivi",
    reasons_lead="Sababu kuu za uamuzi wetu ni hizi:",
    change_heading="Kinachoweza kubadilisha matokeo",
    change_lead="Ombi jipya linaweza kupata matokeo tofauti iwapo haya yatabadilika:",
    change_unknown=(
        "Unaweza kuomba tena wakati wowote. Kitakachosaidia zaidi ni mabadiliko katika sababu "
        "zilizotajwa hapo juu."
    ),
    change_note=(
        "Hii si ahadi: kila ombi jipya huamuliwa kulingana na taarifa zilizopo siku hiyo."
    ),
    approved_subject="Ombi lako la mkopo: limekubaliwa",
    approved_opening=(
        "Asante kwa kuomba mkopo ({product}) kwetu. Tunafurahi kukujulisha kwamba "
        "tumelikubali ombi lako kwa masharti yaliyo hapa chini."
    ),
    terms_heading="Tulichokubali",
    terms_columns=("Sharti la mkopo", "Tulichokubali"),
    terms_differ=(
        "Uliomba {amount} kwa {term}. Tulichokubali ni tofauti na ulichoomba; "
        "una uhuru wa kutokichukua."
    ),
    loan_amount="Kiasi cha mkopo",
    term="Muda wa kulipa",
    interest="Kiwango cha riba",
    instalment="Rejesho la kila mwezi",
    terms_note=(
        "Barua hii bado si mkataba wa mkopo. Kabla hujatia saini, tutakupa kwa maandishi gharama "
        "yote ya mkopo pamoja na ada zake zote. Una uhuru wa kutoendelea."
    ),
    next_heading="Hatua zinazofuata",
    next_lead="Tafadhali fuata hatua hizi:",
    how_heading="Jinsi uamuzi ulivyofanywa",
    how_automated=(
        "Uamuzi huu ulifanywa na kompyuta, bila mtu kushiriki. Mfumo wa kitakwimu ulitumia taarifa "
        "za ombi lako kukadiria uwezekano wa mkopo kutolipwa. Kisha kanuni zetu za "
        "mikopo zilitumika kwa takwimu zako na kwa makadirio hayo."
    ),
    how_by_person=(
        "Uamuzi huu ulifanywa na mfanyakazi wetu. Pale ambapo mfumo wa kitakwimu ulikadiria hatari "
        "ya mkopo, makadirio hayo yalikuwa moja tu ya mambo yaliyozingatiwa; mfumo haukuamua."
    ),
    review_heading="Haki yako ya kuomba uamuzi upitiwe upya",
    review=(
        "Ikiwa hukubaliani na uamuzi huu, unaweza kutuomba tuamue upya. Unaweza kutoa maoni yako, "
        "kusahihisha taarifa yoyote na kutuma nyaraka zaidi. Mtu ambaye hakushiriki katika uamuzi "
        "huu ataupitia upya, ana uhuru wa kuubadilisha, na atakupa jibu kwa maandishi. "
        "Huduma hii ni bure."
    ),
    review_until="Mwisho wa kuomba ni {date}. Andika au piga simu kwa:",
    bureau_heading="Ripoti ya mikopo tuliyotumia",
    bureau=(
        "Tulitumia ripoti kutoka ofisi ya taarifa za mikopo iliyotajwa hapa chini. Ofisi hiyo "
        "haikufanya uamuzi huu na haiwezi kukueleza sababu zake. Una haki ya kupata nakala ya bure "
        "ya ripoti yako kutoka ofisi hiyo, na kupinga chochote kisicho sahihi au kisichokamilika."
    ),
    data_heading="Taarifa zako binafsi",
    data="Kwa nakala ya taarifa zako tulizotumia, au swali kuzihusu, wasiliana na:",
    complaint_heading="Ikiwa bado hujaridhika",
    complaint="Ikiwa jibu letu halikuridhishi, unaweza kupeleka malalamiko kwa:",
)
