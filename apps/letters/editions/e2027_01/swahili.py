"""The letters in Swahili. Pure."""

from apps.letters.editions.e2026_12.swahili import SWAHILI as BEFORE
from apps.letters.editions.e2027_01.wording import Wording

SWAHILI = Wording(
    **vars(BEFORE),
    completed="Lilikamilika",
    counter_subject="Ombi lako la mkopo: pendekezo letu kwa masharti mengine",
    counter_opening=(
        "Asante kwa kuomba mkopo ({product}) kwetu. Tumelichunguza ombi lako kwa makini. Hatuwezi "
        "kukupa mkopo kama ulivyouomba, lakini tunakupendekezea mkopo kwa masharti yaliyo hapa "
        "chini."
    ),
    counter_terms_heading="Tunachokupendekezea",
    counter_reasons_lead="Sababu kuu za kutoweza kukupa mkopo kama ulivyouomba ni hizi:",
    offered="Pendekezo letu",
    incomplete_subject="Ombi lako la mkopo: kuna kitu bado hakijafika",
    incomplete_opening=(
        "Asante kwa kuomba mkopo ({product}) kwetu. Hatuwezi kuamua ombi lako bado, kwa sababu "
        "halijakamilika."
    ),
    missing_heading="Tunachohitaji bado kutoka kwako",
    missing_lead="Tafadhali tutumie au tuletee:",
    missing_until=(
        "Tafadhali tupatie hayo kufikia tarehe {date}. Bila hayo hatuwezi kuendelea kulizingatia "
        "ombi lako; baada ya hapo unaweza kuomba tena wakati wowote. Andika au piga simu kwa:"
    ),
    upheld_subject="Ombi lako la kupitia upya: uamuzi wetu unabaki",
    changed_subject="Ombi lako la kupitia upya: tumebadilisha uamuzi wetu",
    appeal_opening=(
        "Tarehe {asked} ulituomba tupitie upya uamuzi wetu kuhusu ombi lako la mkopo ({product}). "
        "Mtu ambaye hakushiriki katika uamuzi huo ameupitia upya, naye alikuwa na uhuru wa "
        "kuubadilisha."
    ),
    appeal_heading="Matokeo ya kupitia upya",
    appeal_upheld="Uamuzi unabaki kama ulivyo.",
    appeal_changed="Uamuzi umebadilishwa.",
    appeal_answer_heading="Jibu la aliyepitia upya kwako",
    appeal_corrected_heading="Kilichobadilika",
    appeal_corrected_lead="Katika kupitia upya, haya yalisahihishwa au yalionekana tofauti:",
    review_link=(
        "Unaweza pia kuomba uamuzi upitiwe upya kupitia anwani hii, ambayo ni yako peke yako: "
        "{link}"
    ),
    score_heading="Alama tulizotumia",
    score=(
        "Alama zako zilikuwa {value} kwenye kipimo cha kuanzia {least} (hatari kubwa zaidi) hadi "
        "{most} (hatari ndogo zaidi). Zilitolewa tarehe {date} na {provider}."
    ),
    score_factors="Yaliyopunguza alama zaidi:",
    notice_ecoa_heading="Sheria ya fursa sawa za mikopo (Equal Credit Opportunity Act)",
    notice_ecoa=(
        "Sheria ya shirikisho ya Marekani, Equal Credit Opportunity Act, inawakataza wakopeshaji "
        "kuwabagua waombaji kwa misingi ya rangi, asili, dini, taifa la asili, jinsia, hali ya "
        "ndoa, umri (iwapo mwombaji ana uwezo wa kisheria wa kufunga mkataba); kwa sababu kipato "
        "chote au sehemu ya kipato cha mwombaji kinatokana na mpango wa msaada wa umma; au kwa "
        "sababu mwombaji ametumia kwa nia njema haki yoyote ya Consumer Credit Protection Act. "
        "Taasisi ya shirikisho inayosimamia utekelezaji wa sheria hii kwa mkopeshaji huyu ni:"
    ),
    notice_fcra_heading="Sheria ya ripoti za mikopo (Fair Credit Reporting Act)",
    notice_fcra=(
        "Uamuzi wetu unategemea, wote au sehemu yake, taarifa kutoka ofisi ya taarifa za mikopo "
        "iliyotajwa hapo juu. Ofisi hiyo haikufanya uamuzi huu na haiwezi kukueleza sababu zake. "
        "Una haki ya kupata nakala ya bure ya ripoti yako kutoka ofisi hiyo ukiiomba ndani ya siku "
        "60 baada ya kupokea barua hii, na haki ya kupinga kwa ofisi hiyo chochote kisicho sahihi "
        "au kisichokamilika."
    ),
    notice_gdpr_human_heading="Haki yako ya kupata uamuzi wa mtu",
    notice_gdpr_human=(
        "Uamuzi huu ulifanywa na kompyuta. Kwa kifungu cha 22 cha General Data Protection "
        "Regulation, una haki ya kutaka mtu auchunguze, kutoa maoni yako na kuupinga uamuzi. Mtu "
        "huyo anaweza kubadilisha matokeo."
    ),
    notice_gdpr_explanation_heading="Haki yako ya kupata maelezo",
    notice_gdpr_explanation=(
        "Kwa kifungu cha 15 cha General Data Protection Regulation, unaweza kutuuliza ni taarifa "
        "zako zipi tulizotumia, na kwa utaratibu na kanuni zipi tulifikia uamuzi huu. Tunajibu "
        "ndani ya mwezi mmoja."
    ),
    notice_ai_act_heading="Nafasi ya akili bandia",
    notice_ai_act=(
        "Mfumo wa akili bandia ulikadiria hatari ya mkopo huu. Kwa kifungu cha 86 cha Artificial "
        "Intelligence Act, una haki ya kupata maelezo ya wazi na yenye maana kuhusu nafasi yake "
        "katika uamuzi na kuhusu mambo makuu ya uamuzi."
    ),
    notice_kenya_reconsideration_heading="Haki yako kwa kifungu cha 35, Data Protection Act",
    notice_kenya_reconsideration=(
        "Uamuzi huu ulifanywa na kompyuta pekee. Kwa Data Protection Act, 2019, unaweza kutuomba "
        "tuufikirie tena, au tufanye uamuzi mpya usiotegemea kompyuta pekee. Tutakueleza kwa "
        "maandishi tulichofanya na matokeo yake."
    ),
    notice_kenya_bureau_heading="Taarifa kwa Credit Reference Bureau Regulations",
    notice_kenya_bureau=(
        "Uamuzi huu unategemea, wote au sehemu yake, taarifa kutoka ofisi ya taarifa za mikopo "
        "iliyotajwa hapo juu. Unaweza kupata ripoti yako kutoka ofisi hiyo, kupinga kisicho sahihi "
        "ndani yake, na kupewa ripoti iliyosahihishwa."
    ),
    notice_kenya_access_heading="Kupata taarifa zako",
    notice_kenya_access=(
        "Unaweza kutuomba taarifa binafsi tulizonazo kukuhusu, bila malipo. Tunajibu ndani ya "
        "siku 7."
    ),
    notice_india_fair_practices_heading="Kwa nini tunakueleza sababu",
    notice_india_fair_practices=(
        "Kwa kanuni za mwenendo wa haki za Benki Kuu ya India (Reserve Bank of India), tunakueleza "
        "kwa maandishi sababu kuu za mkopo kutotolewa kama ulivyoombwa, bila kujali kiasi chake."
    ),
    notice_india_key_facts_heading="Maelezo muhimu ya mkopo",
    notice_india_key_facts=(
        "Kabla hujatia saini tunakupa maelezo muhimu ya mkopo kwa lugha unayoielewa, pamoja na "
        "kiwango cha riba cha mwaka chenye gharama zote (APR) na ada zote. Maelezo hayo hudumu kwa "
        "angalau siku tatu za kazi. Pia yanataja muda wa kubadili nia, ambao ndani yake unaweza "
        "kuurudisha mkopo bila adhabu."
    ),
    notice_india_data_heading="Haki zako juu ya taarifa zako",
    notice_india_data=(
        "Kwa Digital Personal Data Protection Act, 2023, unaweza kutuomba muhtasari wa taarifa "
        "binafsi tulizotumia, na marekebisho yake. Tunajibu malalamiko ndani ya siku 90."
    ),
)
