"""Setup, beside the first page: one-to-one objects, chosen from the org's child relationships."""

from starlette.responses import Response

from flyle_sf_assets.choosing.condition_words import Labels
from flyle_sf_assets.choosing.one_to_one import OneToOneChoice
from flyle_sf_assets.choosing.settings_words import OneToOneWords, one_to_one_words
from flyle_sf_assets.console.draft import connection_of_draft, draft_for, keep, source_of
from flyle_sf_assets.console.orgs import answers_of, known_labels
from flyle_sf_assets.console.request import PageRequest
from flyle_sf_assets.console.setup_forms import is_number
from flyle_sf_assets.settings.drafts import with_one_to_one

WORD_CHARACTERS_MAX = 100


def one_to_one(page_request: PageRequest) -> Response:
    """What is declared, and the objects to choose from; asks the org."""
    choices, word = _choices(page_request), page_request.query.one("q").strip()
    wanted = word.casefold()[:WORD_CHARACTERS_MAX]
    return page_request.page(
        "setup/one_to_one.html",
        step=1,
        declared=declared_objects(page_request),
        choices=[one for one in choices if wanted in f"{one.label} {one.item.object}".casefold()],
        word=word,
    )


def change_one_to_one(page_request: PageRequest) -> Response:
    """Declares one more object, or one less; stored in the draft."""
    draft, form = draft_for(page_request), page_request.form
    items = list(source_of(draft).one_to_one)
    removed = form.one("remove")
    if is_number(removed) and int(removed) < len(items):
        del items[int(removed)]
    if form.one("add"):
        items += [one.item for one in _choices(page_request) if one.key == form.one("add")]
    keep(page_request, with_one_to_one(draft, items))
    return page_request.go("/setup/one-to-one")


def declared_objects(page_request: PageRequest) -> tuple[OneToOneWords, ...]:
    """The draft's one-to-one objects in words, without asking the org."""
    source = source_of(draft_for(page_request))
    return one_to_one_words(source, Labels.of(source, known_labels(page_request)))


def _choices(page_request: PageRequest) -> tuple[OneToOneChoice, ...]:
    draft = draft_for(page_request)
    with answers_of(page_request, connection_of_draft(draft).org_url) as answers:
        return answers.one_to_one(source_of(draft))
