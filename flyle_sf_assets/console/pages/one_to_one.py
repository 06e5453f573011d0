"""Setup, beside the first page: one-to-one objects, chosen from the org's child relationships."""

from starlette.responses import Response

from flyle_sf_assets.choosing.condition_words import Labels
from flyle_sf_assets.choosing.one_to_one import OneToOneChoices
from flyle_sf_assets.choosing.settings_words import OneToOneWords, one_to_one_words
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, keep, source_of
from flyle_sf_assets.console.orgs import answers_of, known_labels
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.settings.drafts import with_one_to_one

WORD_CHARACTERS_MAX = 100


def one_to_one(page_request: PageRequest) -> Response:
    """What is declared, and the objects to choose from; asks the org."""
    word = page_request.query.one("q").strip()[:WORD_CHARACTERS_MAX]
    return page_request.page(
        "setup/one_to_one.html",
        step=1,
        declared=declared_objects(page_request),
        offered=_offered(page_request, word),
        word=word,
    )


def change_one_to_one(page_request: PageRequest) -> Response:
    """Declares one more object, or one less, by its name for paths; stored in the draft."""
    draft, form = draft_for(page_request), page_request.form
    removed, added = form.one("remove"), form.one("add")
    items = [one for one in source_of(draft).one_to_one if one.as_ != removed]
    if added:
        offered = _offered(page_request, added.partition(".")[0])
        items += [one.item for one in offered.choices if one.key == added]
    keep(page_request, with_one_to_one(draft, items))
    return page_request.go("/setup/one-to-one")


def declared_objects(page_request: PageRequest) -> tuple[OneToOneWords, ...]:
    """The draft's one-to-one objects in words, without asking the org."""
    source = source_of(draft_for(page_request))
    return one_to_one_words(source, Labels.of(source, known_labels(page_request)))


def _offered(page_request: PageRequest, word: str) -> OneToOneChoices:
    draft = draft_for(page_request)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        return answers.one_to_one(source_of(draft), word)
