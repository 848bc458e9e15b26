"""Addresses of accounts."""

from django.urls import path

from apps.accounts.views import people, sessions

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign_in"),
    path("sign-out/", sessions.sign_out, name="sign_out"),
    path("password/", sessions.change_password, name="password_change"),
    path("password/<uidb64>/<token>/", sessions.first_password, name="first_password"),
    path("profile/", sessions.profile, name="profile"),
    path("", people.people, name="people"),
    path("add/", people.add, name="person_add"),
    path("roles/", people.role_list, name="roles"),
    path("roles/<slug:code>/limit/", people.set_role_limit, name="role_limit"),
    path("<uuid:pk>/", people.person, name="person"),
    path("<uuid:pk>/change/", people.change, name="person_change"),
    path("<uuid:pk>/roles/", people.set_roles, name="person_roles"),
    path("<uuid:pk>/limit/", people.set_limit, name="person_limit"),
    path("<uuid:pk>/deactivate/", people.deactivate, name="person_deactivate"),
    path("<uuid:pk>/reactivate/", people.reactivate, name="person_reactivate"),
    path("<uuid:pk>/link/", people.issue_link, name="person_link"),
    path("<uuid:pk>/branch/", people.grant_branch, name="grant_branch"),
    path("<uuid:pk>/application/", people.grant_application, name="grant_application"),
    path("<uuid:pk>/grants/<int:grant_id>/", people.withdraw_grant, name="withdraw_grant"),
]
