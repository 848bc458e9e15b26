"""The pages of a policy: read, draft, edit, propose and decide, as the right person and not."""

import html
import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.decisions import policy_editing, policy_forms, services
from apps.decisions.models import PolicyVersion
from apps.decisions.tests import factories
from apps.products.tests import factories as products

SignedIn = Callable[[User], Client]


@pytest.fixture
def in_force(pune: Branch) -> PolicyVersion:
    """The policy that came with the installation, of a lender with one product."""
    products.personal_loan(pune.entity)
    return factories.policy(pune.entity)


def _draft(author: User, document: dict[str, Any] | None = None) -> PolicyVersion:
    draft = services.draft_policy(actor=author, entity=author.branch.entity)
    return services.edit_policy(
        actor=author, policy=draft, document=document or factories.document(bands=("0.5", "0.8"))
    )


def _proposed(author: User) -> PolicyVersion:
    return services.propose_policy(
        actor=author,
        policy=_draft(author),
        effective_from=_soon(),
        note="Band A ends sooner.",
        now=timezone.now(),
    )


def _soon() -> date:
    return timezone.now().date() + timedelta(days=7)


def _url(name: str, version: PolicyVersion) -> str:
    return reverse(f"decisions:policy_{name}" if name else "decisions:policy", args=[version.pk])


def _text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().replace("\u202f", " ").split())


def _typed(document: dict[str, Any], **changes: str) -> dict[str, Any]:
    """Return what the edit page sends for a document, with some fields typed over."""
    shown = policy_editing.rows(document)
    posted: dict[str, Any] = {"name": shown.name}
    for number, rule in enumerate(shown.rules, start=1):
        posted |= {f"rule-{number}-{key}": value for key, value in rule.items()}
    for number, ladder in enumerate(shown.ladders, start=1):
        posted[f"ladder-{number}-products"] = ladder.products
        for place, band in enumerate(ladder.bands, start=1):
            start = f"ladder-{number}-band-{place}-"
            posted |= {start + key: value for key, value in band.items()}
    return posted | {key.replace("__", "-"): value for key, value in changes.items()}


def test_the_list_says_what_each_version_is(
    rita: User, mark: User, bob: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    services.approve_policy(actor=mark, policy=_proposed(rita), now=timezone.now())
    services.propose_policy(
        actor=rita,
        policy=_draft(rita),
        effective_from=_soon() + timedelta(days=1),
        note="Again.",
        now=timezone.now(),
    )
    _draft(rita)
    services.withdraw_policy(actor=rita, policy=_draft(rita), note="Not needed.")

    text = _text(signed_in(bob).get(reverse("decisions:policies")))

    for state in ("In force", "From later", "Awaiting approval", "Draft", "Withdrawn"):
        assert text.count(f"</svg>{state}</span>") == 1, state
    assert "Draft from the version in force" not in text


@pytest.mark.parametrize("status", ["draft", "proposed", "approved", "withdrawn"])
def test_a_version_reads_whole_in_every_state(
    rita: User, mark: User, amir: User, in_force: PolicyVersion, signed_in: SignedIn, status: str
) -> None:
    version = _draft(rita) if status == "draft" else _proposed(rita)
    if status == "approved":
        services.approve_policy(actor=mark, policy=version, now=timezone.now())
    if status == "withdrawn":
        services.withdraw_policy(actor=rita, policy=version, note="Not needed.")

    answer = signed_in(amir).get(_url("", version))

    text = _text(answer)
    assert answer.status_code == 200
    assert "At least 21 years old." in text
    assert "Band A now ends at 50 % instead of 60 %." in text
    assert ("No gap, no overlap" in text) is (status in ("draft", "proposed"))
    for button in ("Propose</button>", "Approve</button>", "Withdraw</button>", "Send back<"):
        assert button not in text


def test_it_is_compared_with_any_other_version(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    first, second = _draft(rita), _draft(rita, factories.document(bands=("0.5", "0.7")))

    text = _text(signed_in(rita).get(_url("", second), {"against": str(first.pk)}))

    assert "Against version 2:" in text
    assert "Band B now ends at 70 % instead of 80 %." in text
    assert "Band A now ends" not in text


@pytest.mark.parametrize("against", ["", "no-id", "8d8ac610-566d-4ef0-9c22-186b2a5ed793"])
def test_it_is_compared_with_what_is_in_force_where_nothing_else_is_asked(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn, against: str
) -> None:
    answer = signed_in(rita).get(_url("", _draft(rita)), {"against": against})

    assert "Against version 1:" in _text(answer)


def test_limits_add_ons_and_margin_are_read(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    written = factories.document()
    written["ladders"][0]["refer_margin"] = "0.015"
    written["ladders"][0]["bands"][0] |= {
        "rate_addon": "0.0125",
        "most_amount": {"INR": "500000"},
        "longest_term_months": "36",
        "beyond": "refer",
    }
    written["ladders"][0]["bands"][1]["rate_addon"] = "0.02"

    text = _text(signed_in(rita).get(_url("", _draft(rita, written))))

    assert "1.25 %" in text
    assert "at most ₹5,00,000.00, at most 36 months" in text
    assert "Within 1.5 % of a cut-off between two outcomes" in text


def test_a_draft_begins_as_a_copy_of_what_is_in_force(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    answer = signed_in(rita).post(
        reverse("decisions:policy_draft"), {"base": str(in_force.pk), "entity": ""}
    )

    draft = PolicyVersion.objects.get(status="draft")
    assert answer.headers["Location"] == _url("edit", draft)
    assert (draft.document, draft.author) == (in_force.document, rita)


def test_a_lender_without_a_policy_gets_an_empty_draft(
    rita: User, india: Entity, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    assert "New draft for Sahyadri Finance Ltd" in _text(browser.get(reverse("decisions:policies")))

    answer = browser.post(reverse("decisions:policy_draft"), {"entity": str(india.pk)}, follow=True)

    text = _text(answer)
    assert answer.status_code == 200
    assert "There are no rules." in text
    assert "There are no ladders of bands." in text


@pytest.mark.parametrize("given", [{}, {"base": "no-id"}, {"entity": str(uuid.uuid4())}])
def test_a_draft_of_nothing_is_not_found(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn, given: dict[str, str]
) -> None:
    answer = signed_in(rita).post(reverse("decisions:policy_draft"), given)

    assert answer.status_code == 404
    assert PolicyVersion.objects.count() == 1


def test_a_draft_is_written_in_rows(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft, browser = _draft(rita), signed_in(rita)
    shown = browser.get(_url("edit", draft))
    assert shown.status_code == 200

    answer = browser.post(
        _url("edit", draft),
        _typed(draft.document, rule__1__threshold="23", ladder__1__refer_margin="0.01")
        | {"do": "save", "version": draft.version},
    )

    draft.refresh_from_db()
    assert answer.status_code == 302
    assert draft.document["rules"][0]["threshold"] == "23"
    assert draft.document["ladders"][0]["refer_margin"] == "0.01"
    assert Event.objects.filter(verb="decisions.policy_changed").count() == 2


def test_saving_what_nobody_touched_changes_nothing(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft = _draft(rita)
    events = Event.objects.count()

    signed_in(rita).post(_url("edit", draft), _typed(draft.document) | {"do": "save"})

    before = draft.updated_at
    draft.refresh_from_db()
    assert (draft.updated_at, Event.objects.count()) == (before, events)


def test_a_policy_of_eighty_rules_is_saved(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    written = factories.document(bands=("0.5", "0.8"))
    rule, [band, *_others] = written["rules"][0], written["ladders"][0]["bands"]
    everything = ["personal", "vehicle", "home"]
    written["rules"] = [
        {**rule, "code": f"rule_{number}", "products": everything} for number in range(80)
    ]
    written["ladders"] = [
        {"products": [code], "bands": [{**band, "name": str(place)} for place in range(20)]}
        for code in everything
    ]
    draft = _draft(rita, written)

    answer = signed_in(rita).post(
        _url("edit", draft), _typed(written, rule__1__threshold="25", do="done")
    )

    draft.refresh_from_db()
    assert answer.status_code == 302
    assert len(draft.document["rules"]) == 80
    assert draft.document["rules"][0]["threshold"] == "25"


@pytest.mark.parametrize(
    ("button", "anchor", "rules", "bands"),
    [
        ("add_rule", "#rule-6", 6, 3),
        ("remove_rule-2", "#rules", 4, 3),
        ("up_rule-2", "#rule-1", 5, 3),
        ("add_band-1", "#ladder-1-band-4", 5, 4),
        ("remove_band-1-3", "#ladder-1", 5, 2),
    ],
)
def test_a_button_saves_and_changes_one_part(
    rita: User,
    in_force: PolicyVersion,
    signed_in: SignedIn,
    button: str,
    anchor: str,
    rules: int,
    bands: int,
) -> None:
    draft, browser = _draft(rita), signed_in(rita)

    answer = browser.post(_url("edit", draft), _typed(draft.document, name="New") | {"do": button})

    draft.refresh_from_db()
    written = draft.document
    assert answer.headers["Location"] == _url("edit", draft) + anchor
    assert (written["name"], len(written["rules"])) == ("New", rules)
    assert len(written["ladders"][0]["bands"]) == bands
    assert browser.get(_url("edit", draft)).status_code == 200


def test_what_is_wrong_is_said_beside_its_place(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft, browser = _draft(rita), signed_in(rita)
    typed = _typed(
        draft.document,
        rule__2__threshold="plenty",
        rule__3__test="one_of",
        ladder__1__band__2__from="0.55",
        ladder__1__band__1__most_amount="lots",
    )

    text = _text(browser.post(_url("edit", draft), typed | {"do": "save"}, follow=True))

    assert '<a href="#rule-2">Rule foir_cap</a>: The threshold &#x27;plenty&#x27;' in text
    assert "“one of” is no test for loans in default with us." in text
    assert '<a href="#ladder-1-band-1">Band A</a>: The largest amount is given by currency' in text
    assert 'value="plenty"' in text
    assert 'value="lots"' in text


def test_another_tab_overwrites_nothing(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft, browser = _draft(rita), signed_in(rita)
    old = draft.version
    services.edit_policy(actor=rita, policy=draft, document=factories.document())

    rows = browser.post(
        _url("edit", draft), _typed(draft.document, name="Lost") | {"do": "save", "version": old}
    )
    whole = browser.post(_url("document", draft), {"document": "{}", "version": old})

    draft.refresh_from_db()
    assert (rows.status_code, whole.status_code) == (409, 422)
    assert 'value="Lost"' in _text(rows)
    for refused in (rows, whole):
        assert "This draft was saved from another page meanwhile." in _text(refused)
    assert draft.document == factories.document()
    again = browser.post(
        _url("edit", draft),
        _typed(draft.document, name="Kept") | {"do": "save", "version": draft.version},
    )
    draft.refresh_from_db()
    assert (again.status_code, draft.document["name"]) == (302, "Kept")


def test_a_draft_is_written_as_json(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft, browser = _draft(rita), signed_in(rita)
    assert "At least 21 years old." in _text(browser.get(_url("document", draft)))

    answer = browser.post(
        _url("document", draft),
        {"document": json.dumps({"name": "Odd", "rules": 7}), "version": draft.version},
        follow=True,
    )

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert draft.document == {"name": "Odd", "rules": 7}
    assert browser.get(_url("", draft)).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{",
        "[]",
        "7",
        '{"pd": NaN}',
        '{"pd": 1e999}',
        '{"name": "\\u0000"}',
        '{"name": "\\ud800"}',
        "[" * 100_000,
        '{"n": ' + "9" * 5_000 + "}",
        "x" * 200_001,
    ],
)
def test_what_is_no_document_is_refused_beside_the_field(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn, given: str
) -> None:
    draft = _draft(rita)
    before = draft.document

    answer = signed_in(rita).post(_url("document", draft), {"document": given})

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert draft.document == before


def test_the_whole_way_from_draft_to_approved(
    rita: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft = _draft(rita)
    analyst, approver = signed_in(rita), signed_in(mark)
    assert "Propose</button>" in _text(analyst.get(_url("", draft)))

    proposed = analyst.post(
        _url("propose", draft),
        {"effective_from": _soon().isoformat(), "note": "Fewer losses.", "version": draft.version},
        follow=True,
    )
    assert "another person decides on it" in _text(proposed)
    assert "Approve</button>" not in _text(proposed)
    page = _text(approver.get(_url("", draft)))
    assert "Fewer losses." in page
    assert "Approve</button>" in page

    draft.refresh_from_db()
    approved = approver.post(_url("approve", draft), {"version": draft.version}, follow=True)

    draft.refresh_from_db()
    assert (draft.status, draft.approved_by, draft.proposed_by) == ("approved", mark, rita)
    text = _text(approved)
    assert "decides from its day on" in text
    for button in ("Approve</button>", "Edit</a>", "Withdraw</button>"):
        assert button not in text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"effective_from": "", "note": "x"}, "Say from which day the policy decides."),
        ({"effective_from": "soon", "note": "x"}, "Enter a day of the calendar"),
        ({"effective_from": "2020-01-01", "note": "x"}, "at the earliest"),
        ({"effective_from": "9999-12-31", "note": ""}, "Say what changes and why."),
        ({"effective_from": "9999-12-31", "note": " \n "}, "Say what changes and why."),
    ],
)
def test_a_proposal_that_lacks_something_is_refused_beside_the_field(
    rita: User,
    in_force: PolicyVersion,
    signed_in: SignedIn,
    given: dict[str, str],
    sentence: str,
) -> None:
    draft = _draft(rita)

    answer = signed_in(rita).post(_url("propose", draft), given)

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert sentence in _text(answer)
    assert (draft.status, draft.effective_from) == ("draft", None)


def test_an_unsound_draft_is_not_proposed(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    draft = _draft(rita, {"name": "Nothing yet", "rules": [], "ladders": []})

    answer = signed_in(rita).post(
        _url("propose", draft), {"effective_from": _soon().isoformat(), "note": "Now."}
    )

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert "There are no rules" in _text(answer)
    assert draft.status == "draft"


def test_a_proposal_is_sent_back_with_a_note(
    rita: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    version, approver = _proposed(rita), signed_in(mark)

    silent = approver.post(_url("send_back", version), {"note": ""})
    assert silent.status_code == 422
    assert "Say what should change." in _text(silent)
    approver.post(_url("send_back", version), {"note": "Band A is too narrow."})

    version.refresh_from_db()
    assert version.status == "draft"
    text = _text(signed_in(rita).get(_url("", version)))
    assert "Band A is too narrow." in text
    assert "Propose</button>" in text


def test_a_page_that_stood_open_says_why_nothing_happens(
    rita: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    version = services.approve_policy(actor=mark, policy=_proposed(rita), now=timezone.now())

    late = signed_in(mark).post(_url("send_back", version), {"note": "Wait."})
    twice = signed_in(rita).post(
        _url("propose", version), {"effective_from": _soon().isoformat(), "note": "Again."}
    )

    version.refresh_from_db()
    assert version.status == "approved"
    assert (late.status_code, twice.status_code) == (422, 422)
    for answer in (late, twice):
        [sentence] = answer.context["stray_refusals"]
        assert sentence
        assert sentence in html.unescape(_text(answer))


def test_an_author_withdraws(rita: User, in_force: PolicyVersion, signed_in: SignedIn) -> None:
    version = _proposed(rita)

    signed_in(rita).post(_url("withdraw", version), {"note": "Overtaken.", "version": ""})

    version.refresh_from_db()
    assert (version.status, version.note) == ("withdrawn", "Overtaken.")


def test_an_approval_of_what_changed_meanwhile_is_refused(
    rita: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    version = _proposed(rita)
    seen = version.version
    services.send_back_policy(actor=mark, policy=version, note="Not yet.")
    version.refresh_from_db()
    services.propose_policy(
        actor=rita, policy=version, effective_from=_soon(), note="Again.", now=timezone.now()
    )

    answer = signed_in(mark).post(_url("approve", version), {"version": seen})

    version.refresh_from_db()
    assert answer.status_code == 422
    assert "Somebody else has changed this" in _text(answer)
    assert version.status == "proposed"


@pytest.mark.parametrize(
    "name", ["edit", "document", "propose", "approve", "send_back", "withdraw"]
)
def test_the_wrong_person_is_refused(
    rita: User,
    mark: User,
    diana: User,
    bob: User,
    amir: User,
    in_force: PolicyVersion,
    signed_in: SignedIn,
    name: str,
) -> None:
    version = _proposed(rita) if name in ("approve", "send_back", "withdraw") else _draft(rita)
    wrong = [bob, amir, rita if name in ("approve", "send_back") else mark]
    if name != "propose":
        wrong.append(diana)
    before = PolicyVersion.objects.values().get(pk=version.pk)
    given = {"note": "x", "document": "{}", "effective_from": _soon().isoformat()}

    for person in wrong:
        assert signed_in(person).post(_url(name, version), given).status_code == 403

    assert PolicyVersion.objects.values().get(pk=version.pk) == before


def test_a_policy_of_another_lender_is_not_found(
    pune: Branch, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    other = Entity.objects.create(
        code="tumaini",
        name="Tumaini",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )
    stranger = signed_in(factories.policymaker(other, "draft_policy"))
    draft = _draft(factories.policymaker(pune.entity, "draft_policy"))

    for name in ("", "edit", "document"):
        assert stranger.get(_url(name, draft)).status_code == 404
    for name in ("edit", "propose", "withdraw"):
        assert stranger.post(_url(name, draft), {"note": "x"}).status_code in (404, 422)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_an_edit_page_of_what_is_no_draft_says_so(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)

    for name in ("edit", "document"):
        answer = browser.get(_url(name, in_force))
        assert answer.status_code == 409
        assert "Only a draft can be changed" in _text(answer)


def test_the_pages_stay_within_their_queries(
    rita: User,
    in_force: PolicyVersion,
    signed_in: SignedIn,
    django_assert_max_num_queries: Any,
) -> None:
    for _time in range(5):
        draft = _draft(rita)
    browser = signed_in(rita)
    browser.get(_url("", draft))

    with django_assert_max_num_queries(16):
        browser.get(reverse("decisions:policies"))
    with django_assert_max_num_queries(22):
        browser.get(_url("", draft))
    with django_assert_max_num_queries(18):
        browser.get(_url("edit", draft))


def test_a_draft_that_is_only_saved_keeps_its_products_in_their_order() -> None:
    """A browser sends boxes as they stand on the page."""
    names = {"in-home": "Home", "in-personal": "Personal", "in-vehicle": "Vehicle"}
    held = ["in-vehicle", "gone", "in-home"]

    row = policy_forms.LadderRow(initial={"products": held}, names=names, prefix="ladder-1")

    boxes = list(row["products"])
    assert [box.data["value"] for box in boxes if box.data["selected"]] == held
    assert [box.data["value"] for box in boxes][len(held) :] == ["in-personal"]
