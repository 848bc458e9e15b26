"""The letters in English. Pure."""

from apps.letters.editions.e2026_11.wording import Wording

ENGLISH = Wording(
    language="en",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    one_month="1 month",
    many_months="{count} months",
    rate_a_year="{rate}% a year",
    reference="Our reference",
    application="Application",
    product="Product",
    asked_for="You asked for",
    received="Received",
    decided="Date of decision",
    telephone="Telephone {phone}",
    email="E-mail {email}",
    page_label="Page {page} of {pages}",
    salutation="Dear {name},",
    closing="Yours sincerely,",
    declined_subject="Your loan application: we cannot offer you this loan",
    declined_opening=(
        "Thank you for applying to us for a loan ({product}). We have examined your application "
        "with care. We are sorry to tell you that we cannot offer you this loan."
    ),
    reasons_heading="Why we decided this",
    reasons_lead="The main reasons for our decision are:",
    change_heading="What could change the outcome",
    change_lead="A new application could have a different outcome if this changes:",
    change_unknown=(
        "You may apply again at any time. A change in the reasons above is what would help most."
    ),
    change_note=(
        "This is not a promise: every new application is decided on the facts of its own day."
    ),
    approved_subject="Your loan application: approved",
    approved_opening=(
        "Thank you for applying to us for a loan ({product}). We are pleased to tell you that "
        "we have approved your application on the terms below."
    ),
    terms_heading="What we have approved",
    terms_columns=("Term of the loan", "Approved"),
    terms_differ=(
        "You asked for {amount} over {term}. What we have approved differs from this; "
        "you are free to decline it."
    ),
    loan_amount="Loan amount",
    term="Time to repay",
    interest="Interest rate",
    instalment="Monthly instalment",
    terms_note=(
        "This letter is not yet the loan agreement. Before you sign, we will give you the full "
        "cost of the loan with all its fees in writing. You are free not to go ahead."
    ),
    next_heading="What happens next",
    next_lead="Please take these steps:",
    how_heading="How the decision was made",
    how_automated=(
        "This decision was made automatically, without a person taking part. A statistical model "
        "used the facts of your application to estimate the risk that the loan would not be "
        "repaid, and our lending rules were applied to your figures and to that "
        "estimate."
    ),
    how_by_person=(
        "A member of our staff made this decision. Where a statistical model estimated the risk "
        "of the loan, its estimate was one of the things considered; it did not decide."
    ),
    review_heading="Your right to a review",
    review=(
        "If you do not agree, you may ask us to decide again. You may tell us your view, correct "
        "any fact and send further documents. A person who took no part in this decision will "
        "then review it, is free to change it, and will give you the outcome in writing. "
        "A review costs you nothing."
    ),
    review_until="Please ask for it by {date}. Write to or call:",
    bureau_heading="The credit report we used",
    bureau=(
        "We used a report from the credit bureau named below. The bureau did not make this "
        "decision and cannot tell you the reasons for it. You have the right to a free copy of "
        "your report from the bureau, and to dispute anything in it that is wrong or incomplete."
    ),
    data_heading="Your personal data",
    data="For a copy of the personal data we used, or a question about it, please contact:",
    complaint_heading="If you remain dissatisfied",
    complaint="If our answer does not satisfy you, you may complain to:",
)
