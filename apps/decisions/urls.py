"""Addresses of decisions: the queue, cases and policies."""

from django.urls import path

from apps.decisions.views import (
    automation,
    case,
    notices,
    policies,
    policymaking,
    reason_list,
    terms,
    what_if,
)

app_name = "decisions"
urlpatterns = [
    path("reasons/", reason_list.reasons, name="reasons"),
    path("reasons/propose/", reason_list.propose, name="reason_propose"),
    path("reasons/<uuid:pk>/list/", reason_list.list_reason, name="reason_list"),
    path("reasons/<uuid:pk>/refuse/", reason_list.refuse, name="reason_refuse"),
    path("reasons/<uuid:pk>/ask-end/", reason_list.ask_end, name="reason_ask_end"),
    path("reasons/<uuid:pk>/end/", reason_list.end, name="reason_end"),
    path("reasons/<uuid:pk>/keep/", reason_list.keep, name="reason_keep"),
    path("automation/", automation.switch, name="automation"),
    path("automation/stop/", automation.stop, name="automation_stop"),
    path("automation/<uuid:pk>/ask/", automation.ask_restart, name="automation_ask"),
    path("automation/<uuid:pk>/restart/", automation.restart, name="automation_restart"),
    path("automation/<uuid:pk>/keep/", automation.keep_stopped, name="automation_keep"),
    path("policies/", policies.policies, name="policies"),
    path("policies/draft/", policymaking.draft, name="policy_draft"),
    path("policies/<uuid:pk>/", policies.policy, name="policy"),
    path("policies/<uuid:pk>/edit/", policymaking.edit, name="policy_edit"),
    path("policies/<uuid:pk>/document/", policymaking.edit_document, name="policy_document"),
    path("policies/<uuid:pk>/propose/", policymaking.propose, name="policy_propose"),
    path("policies/<uuid:pk>/approve/", policymaking.approve, name="policy_approve"),
    path("policies/<uuid:pk>/send-back/", policymaking.send_back, name="policy_send_back"),
    path("policies/<uuid:pk>/withdraw/", policymaking.withdraw, name="policy_withdraw"),
    path("policies/<uuid:pk>/take-back/", policymaking.take_back, name="policy_take_back"),
    path("applications/<uuid:pk>/", case.application_panel, name="application_panel"),
    path("applications/<uuid:pk>/working/", case.working_panel, name="working_panel"),
    path("applications/<uuid:pk>/what-if/", what_if.what_if_page, name="what_if"),
    path("applications/<uuid:pk>/change/", terms.change_request, name="change_request"),
    path("applications/<uuid:pk>/incomplete/", notices.incomplete, name="incomplete"),
    path("applications/<uuid:pk>/override/", terms.ask_override, name="ask_override"),
    path("overrides/<uuid:pk>/authorise/", terms.authorise_override, name="authorise_override"),
    path("overrides/<uuid:pk>/refuse/", terms.refuse_override, name="refuse_override"),
    path("cases/<uuid:pk>/claim/", case.claim, name="claim"),
    path("cases/<uuid:pk>/release/", case.release, name="release"),
    path("cases/<uuid:pk>/decide/", case.decide, name="decide"),
    path("cases/<uuid:pk>/countersign/", case.countersign, name="countersign"),
    path("cases/<uuid:pk>/send-back/", case.send_back, name="send_back"),
    path("decisions/<uuid:pk>/replay/", case.replay, name="replay"),
]
