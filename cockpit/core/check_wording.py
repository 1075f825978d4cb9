"""Checks of the words: placeholders, repeated instructions, stop strings, template tokens. Not of their sense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cockpit.core.check_end import MOST_ANSWERS, is_claude
from cockpit.core.check_text import Scene, Text, edit, own_fields, own_text, sends_examples, shown
from cockpit.core.check_values import Fix, Found, Place
from cockpit.core.params import Params
from cockpit.core.prompts import EXAMPLES, VARIABLE, Version, variables
from cockpit.core.shots import words_of

BRACES = re.compile(r"(?<![{\w$\\}\"'])\{([A-Za-z_][A-Za-z_0-9]+)\}(?![}{\w\"'])")
DOUBLE = re.compile(r"\{\{[^{}\n]{0,60}\}\}")
INSERT = re.compile(r"[\[<](?:insert|paste|todo|tbd|placeholder)\b[^\]>\n]{0,60}[\]>]", re.I)
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.S)
FILLED_LINE = re.compile(r"(?:^|\n)[ \t]*(?:[^\W\d_]\w*(?: \w+)?[:：][ \t]*|<[\w-]+>\s*)?\Z")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
FILLER = words_of(
    "a an and any are as at be by do for from if in is it of on or please so sure that the then this to with you your "
    "always make keep"
)
COMMANDS = words_of(
    "answer reply respond give write use keep do don't never always only be make avoid ensure provide return output "
    "explain include follow remember note start end say state list think please you your stay limit format must should "
    "classify summarise summarize translate consider decide judge rate refuse respect cite stick speak"
)
LEAST_WORDS, ALIKE = 4, 0.75
MOST_SENTENCES = 200
ENDING = re.compile(r"\b(?:end|ends|ending|finish|close|stop|stops|conclude|terminate|done)\b", re.I)
TEMPLATE = re.compile(
    r"<\|[A-Za-z_][\w.-]{1,40}\|>|<｜[^<>\n｜]{1,40}｜>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>|<(?:bos|eos)>"
)
OLD_TURNS = "https://docs.claude.com/en/api/migrating-from-text-completions-to-messages"
HUMAN = re.compile(r"\n\n(?:Human|Assistant):")


def placeholders(scene: Scene) -> Iterator[Found]:
    """A variable without a value, or text that was meant to be replaced."""
    version, values = scene.checked.version, scene.checked.values
    for name in variables(version):
        if name not in values:
            yield Found("error", f"{{{{{name}}}}} has no value.", _first(version, name))
        elif not values[name].strip():
            yield Found("note", f"{{{{{name}}}}} stands for nothing here.", _first(version, name))
    if sends_examples(version) and not version.examples.strip():
        yield Found("warning", "{{examples}} stands for an empty examples block.", _first(version, EXAMPLES))
    if version.examples.strip() and not sends_examples(version):
        yield Found("warning", "The examples block is not sent: no text says {{examples}}.", None, _append(version))
    for field in own_fields(version):
        text = own_text(version, field)
        raw = field.startswith("turn:") and version.messages[int(field[5:])].raw
        yield from _left(field, text, raw or field == "examples", {**dict.fromkeys(variables(version), ""), **values})


def _left(field: str, text: str, closed: bool, values: Mapping[str, str]) -> Iterator[Found]:
    """Placeholders of one field that nothing fills; `closed` where variables are not filled at all."""
    code = [match.span() for match in CODE.finditer(text)]
    for match in DOUBLE.finditer(text):
        if (field == "examples") if VARIABLE.fullmatch(match[0]) else not closed and match[0][2:-2].strip():
            why = "variables in the examples block are not filled" if closed else "that is no variable's name"
            yield Found("warning", f"{match[0]} is sent as it stands: {why}.", Place(field, *match.span()))
    for match in BRACES.finditer(text):
        known = match[1] in values
        alone = (
            FILLED_LINE.search(text[max(0, match.start() - 60) : match.start()]) and text[match.end() :][:1] in "\n<"
        )
        if not closed and (known or alone) and not _inside(match.start(), code):
            place = Place(field, *match.span())
            fix = edit("make it a variable", [(place, match[0], "{" + match[0] + "}")])
            yield Found("warning", f"{match[0]} is sent as it stands; a variable is {{{match[0]}}}.", place, fix)
    for match in INSERT.finditer(text):
        if not _inside(match.start(), code):
            yield Found(
                "warning", f"{shown(match[0], 40)} looks like a gap still to be filled.", Place(field, *match.span())
            )


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _first(version: Version, name: str) -> Place | None:
    for field in own_fields(version):
        if field != "examples":
            for match in VARIABLE.finditer(own_text(version, field)):
                if match[1] == name:
                    return Place(field, *match.span())
    return None


def _append(version: Version) -> Fix | None:
    """Put `{{examples}}` before the last turn's text."""
    if not version.messages or version.messages[-1].raw:
        return None
    field = f"turn:{len(version.messages) - 1}"
    return edit("put {{examples}} first", [(Place(field, 0, 0), "", "{{examples}}\n\n")])


def repeated_instructions(scene: Scene) -> Iterator[Found]:
    """The same instruction twice, in the system prompt and the last turn."""
    kept: list[tuple[frozenset[str], str, Place]] = []
    for field in ("system", f"turn:{len(scene.checked.version.messages) - 1}"):
        text = own_text(scene.checked.version, field) if field != "turn:-1" else ""
        for words, sentence, place in _instructions(scene, field, text):
            other = next((old for old in kept if _says_the_same(old[0], words, old[1] == sentence)), None)
            if other is None:
                kept.append((words, sentence, place))
                continue
            exact = other[1] == sentence
            fix = edit("drop the second", [_removal(text, place)]) if exact else None
            how = "stands twice" if exact else f"says nearly what {shown(other[1], 40)} says"
            yield Found("note", f"{shown(sentence, 40)} {how}.", place, fix)


def _instructions(scene: Scene, field: str, text: str) -> Iterator[tuple[frozenset[str], str, Place]]:
    """Sentences that tell the model what to do: outside examples, code and data."""
    code = [match.span() for match in CODE.finditer(text)]
    examples = _example_spans(scene, field)
    found = 0
    for match in SENTENCE.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip(" \t-*•#>0123456789)"))
        sentence = text[start : match.end()].strip()
        tokens = re.findall(r"[^\W_]+(?:['’][a-z]+)?", sentence.casefold())
        if not tokens or tokens[0] not in COMMANDS or _inside(start, code) or _inside(start, examples):
            continue
        words = frozenset(_stem(token) for token in tokens if token not in FILLER)
        found += 1
        if found > MOST_SENTENCES:
            return
        if len(words) >= LEAST_WORDS:
            yield words, sentence, Place(field, start, start + len(sentence))


def _example_spans(scene: Scene, field: str) -> list[tuple[int, int]]:
    if scene.written is None:
        return []
    places = [scene.written.place(i) for i in range(len(scene.written.found.shots))]
    return [(place.start, place.end) for place in places if place is not None and place.field == field]


def _stem(word: str) -> str:
    for ending in ("ing", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _says_the_same(one: frozenset[str], other: frozenset[str], exact: bool) -> bool:
    """Equal, or one has the other's words and few more. A word in another's place makes another instruction."""
    if exact or one == other:
        return True
    extra = one ^ other
    negated = extra & {"not", "no", "never", "don't", "dont", "without", "unless", "except", "only"}
    inside = one < other or other < one
    return inside and len(one & other) / len(one | other) >= ALIKE and not negated and not any(map(str.isdigit, extra))


def _removal(text: str, place: Place) -> tuple[Place, str, str]:
    """The sentence and the spaces before it; its whole line where it has one to itself."""
    line = text.rfind("\n", 0, place.start) + 1
    line_end = text.find("\n", place.end)
    alone = not text[line : place.start].strip(" \t-*•") and (line_end < 0 or not text[place.end : line_end].strip())
    if alone and line:
        start, end = line - 1, place.end if line_end < 0 else line_end
    else:
        start, end = len(text[: place.start].rstrip(" \t")), place.end
    return Place(place.field, start, end), text[start:end], ""


def stop_in_format(scene: Scene) -> Iterator[Found]:
    """A stop string that the answers asked for have in them, so that they would be cut."""
    written = scene.written
    shots = [shot for shot in written.found.shots if shot.answer] if written is not None else []
    for n, stop in enumerate(scene.checked.params.stop):
        fix = _without_stop(n, stop)
        gap_hit = written is not None and scene.text("prefill") is not None and _starts_with_stop(scene, stop)
        hits = [i for i, shot in enumerate(shots) if stop in shot.answer]
        golds = [answer for answer in scene.checked.answers if stop in answer.strip()]
        if not stop:
            continue
        if gap_hit:
            yield Found(
                "error", f"Answers begin with the stop {shown(stop)}, as in the examples: they would be empty.", fix=fix
            )
        elif hits and written is not None:
            what = "the example's answer" if len(hits) == 1 else f"{len(hits)} examples' answers"
            yield Found(
                "error",
                f"The stop {shown(stop)} stands inside {what}: such answers would be cut.",
                written.place(hits[0]),
                fix,
            )
        elif golds:
            of = f"{len(golds)} of {len(scene.checked.answers)} right answers"
            yield Found("warning", f"The stop {shown(stop)} stands inside {of}: they would be cut.", fix=fix)
        else:
            yield from _stop_in_instructions(scene, stop, fix)


def _starts_with_stop(scene: Scene, stop: str) -> bool:
    written = scene.written
    prefill = scene.text("prefill")
    if written is None or prefill is None or not prefill.rendered.endswith(written.found.cue):
        return False
    text = written.text.rendered
    first = written.found.shots[:MOST_ANSWERS]
    begins = [text[shot.start + len(text[shot.start : shot.answer_at].rstrip()) : shot.answer_at + 8] for shot in first]
    return all(one.startswith(stop) for one in begins)


def _stop_in_instructions(scene: Scene, stop: str, fix: Fix) -> Iterator[Found]:
    """A stop of words that an instruction asks the model to write, and not as the end."""
    if len(stop.strip()) < 3 or not any(sign.isalnum() for sign in stop):
        return
    for text in scene.instructions():
        at = text.rendered.find(stop.strip())
        if at >= 0 and _is_asked_for(text, at, stop.strip()):
            place = text.place(at, at + len(stop.strip()))
            sentence = f"The prompt asks to write {shown(stop.strip())}, which is a stop: the answer ends there."
            yield Found("warning", sentence, place, fix)
            return


def _is_asked_for(text: Text, at: int, stop: str) -> bool:
    """Whether the stop is quoted in a sentence as something to write, with more to come after it."""
    before = re.split(r"[.!?\n]", text.rendered[:at])[-1]
    quoted = before[-1:] in ("'", '"', "`", "“", "‘") and re.search(
        r"\b(?:write|with|say|put|then|begin|start)\b", before, re.I
    )
    follows = re.match(r"['\"`”’]?\s*(?:and|followed|then|with|before)\b", text.rendered[at + len(stop) :])
    return bool(quoted and follows and not ENDING.search(before))


def _without_stop(at: int, stop: str) -> Fix:
    """Take the stop away, wherever in the list it now is."""

    def apply(version: Version, params: Params) -> tuple[Version, Params]:
        return version, replace(params, stop=tuple(one for one in params.stop if one != stop))

    return Fix(f"remove stop {at + 1}", apply)


def template_tokens(scene: Scene) -> Iterator[Found]:
    """Text that a chat template writes as a special token."""
    specials = {text for target in scene.checked.targets if target.tokenizer for text in target.tokenizer.specials}
    said: set[str] = set()
    for text in scene.texts:
        hits = [match.span() for match in TEMPLATE.finditer(text.rendered)]
        hits += [(at, at + len(one)) for one in specials if len(one) > 3 and (at := text.rendered.find(one)) >= 0]
        for start, end in sorted(set(hits)):
            one = text.rendered[start:end]
            if one in said:
                continue
            said.add(one)
            owner = next((t.model for t in scene.checked.targets if t.tokenizer and one in t.tokenizer.specials), "")
            what = f"is a special token of {owner}" if owner else "looks like a chat template's special token"
            sentence = f"{shown(one)} {what}; some servers obey it, others read plain text."
            yield Found("warning" if owner else "note", sentence, text.place(start, end), model=owner)
    yield from _old_turns(scene)


def _old_turns(scene: Scene) -> Iterator[Found]:
    """The turn marks of Claude's old text API, sent to Claude inside a turn."""
    claude = next((t.model for t in scene.checked.targets if is_claude(t)), "")
    for text in scene.texts if claude else ():
        match = HUMAN.search(text.rendered)
        if match and text.rendered.count("\n\nHuman:") + text.rendered.count("\n\nAssistant:") == 1:
            sentence = (
                f"{shown(match[0])} is how Claude's old text API marked a turn; it may answer as the other speaker."
            )
            yield Found("note", sentence, text.place(*match.span()), model=claude, source=OLD_TURNS)
