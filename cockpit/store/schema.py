"""The tables, as append-only steps. A step that has shipped is never edited: a change is another step.

A step is SQL alone, so that a new database needs no more than sqlite3. Only DDL belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION_ID = 0x436B7074
"""'Ckpt', in the file's header: tells our database from somebody else's."""

MIGRATION_SET = "cockpit"
CITED = ("run", "version", "sample", "job", "example", "entry")
"""Tables whose rows an entry can cite; such a row cannot be deleted underneath it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the schema; its place in STEPS (from 1) is the schema version it leads to."""

    name: str
    statements: tuple[str, ...]


_NOUNS = (
    """CREATE TABLE project (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL)""",
    """CREATE TABLE idea (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        title TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (project_id, title))""",
    """CREATE TABLE prompt (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        name TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (project_id, name))""",
    # prompt_id is empty for what was sent once without a name; those are not numbered.
    """CREATE TABLE version (
        id INTEGER PRIMARY KEY, prompt_id INTEGER REFERENCES prompt(id), number INTEGER NOT NULL DEFAULT 0,
        parent_id INTEGER REFERENCES version(id), digest TEXT NOT NULL, created_at TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '', body TEXT NOT NULL, words TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX version_digest ON version (prompt_id, digest)",
    "CREATE UNIQUE INDEX version_number ON version (prompt_id, number) WHERE prompt_id IS NOT NULL",
    "CREATE INDEX version_parent ON version (parent_id)",
    # One list of input rows, however many runs go over it.
    """CREATE TABLE input_set (
        id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, n INTEGER NOT NULL, body TEXT NOT NULL)""",
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        version_id INTEGER NOT NULL REFERENCES version(id), idea_id INTEGER REFERENCES idea(id),
        parent_sample INTEGER REFERENCES sample(id), input_set_id INTEGER NOT NULL REFERENCES input_set(id),
        created_at TEXT NOT NULL, finished_at TEXT, n INTEGER NOT NULL, cap_usd REAL, deadline_s REAL NOT NULL,
        max_retries INTEGER NOT NULL, fresh INTEGER NOT NULL, params TEXT NOT NULL, targets TEXT NOT NULL)""",
    "CREATE INDEX run_project ON run (project_id, id)",
    "CREATE INDEX run_version ON run (version_id)",
    "CREATE INDEX run_idea ON run (idea_id) WHERE idea_id IS NOT NULL",
    "CREATE INDEX run_parent ON run (parent_sample) WHERE parent_sample IS NOT NULL",
    "CREATE INDEX run_unfinished ON run (id) WHERE finished_at IS NULL",
)

_SAMPLES = (
    "CREATE TABLE model (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # `hash` is the cache's key; `body` the exact JSON with its seed taken out (it is the sample's), stored once.
    """CREATE TABLE request (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL, body_hash BLOB NOT NULL, body TEXT NOT NULL,
        UNIQUE (hash, body_hash))""",
    # Long columns last: what only counts never reads their pages.
    """CREATE TABLE sample (
        id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id), target INTEGER NOT NULL,
        input INTEGER NOT NULL, idx INTEGER NOT NULL, model_id INTEGER NOT NULL REFERENCES model(id),
        request_id INTEGER REFERENCES request(id), seed INTEGER, ended TEXT NOT NULL, failed INTEGER NOT NULL,
        stop_reason TEXT, stop TEXT, input_tokens INTEGER, output_tokens INTEGER, reasoning_tokens INTEGER,
        cached_tokens INTEGER, ttft_ms REAL, latency_ms REAL, cost_usd REAL, cached INTEGER NOT NULL,
        attempts INTEGER NOT NULL, remote_id TEXT, created_at TEXT NOT NULL, left_out TEXT, error TEXT,
        text TEXT NOT NULL, reasoning TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX sample_key ON sample (run_id, target, input, idx)",
    "CREATE INDEX sample_request ON sample (request_id, idx)",
    """CREATE TABLE sample_logprobs (
        sample_id INTEGER PRIMARY KEY REFERENCES sample(id) ON DELETE CASCADE, body TEXT NOT NULL)""",
    # What stood at a sample's place before a retry took it, whole, as JSON.
    """CREATE TABLE attempt (
        id INTEGER PRIMARY KEY, sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
        ended TEXT NOT NULL, cost_usd REAL, created_at TEXT NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX attempt_sample ON attempt (sample_id)",
    # Counts kept by the writer, so that no list ever counts samples. `failed` is 1 for error and cancelled.
    """CREATE TABLE tally (
        run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, target INTEGER NOT NULL, ended TEXT NOT NULL,
        failed INTEGER NOT NULL, n INTEGER NOT NULL, chars INTEGER NOT NULL, tokens INTEGER NOT NULL,
        tokens_n INTEGER NOT NULL, cost_usd REAL NOT NULL, cost_n INTEGER NOT NULL, cost_unknown INTEGER NOT NULL,
        PRIMARY KEY (run_id, target, ended, failed)) WITHOUT ROWID""",
)

_MARKS = (
    """CREATE TABLE tag (
        sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE, name TEXT NOT NULL,
        created_at TEXT NOT NULL, PRIMARY KEY (sample_id, name)) WITHOUT ROWID""",
    "CREATE INDEX tag_name ON tag (name, sample_id)",
    """CREATE TABLE note (
        sample_id INTEGER PRIMARY KEY REFERENCES sample(id) ON DELETE CASCADE, text TEXT NOT NULL,
        created_at TEXT NOT NULL)""",
    """CREATE TABLE score (
        sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE, metric TEXT NOT NULL,
        value REAL NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (sample_id, metric)) WITHOUT ROWID""",
    """CREATE TABLE example (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        sample_id INTEGER UNIQUE REFERENCES sample(id), verdict TEXT NOT NULL, label TEXT, input TEXT NOT NULL,
        output TEXT NOT NULL, created_at TEXT NOT NULL)""",
    "CREATE INDEX example_verdict ON example (project_id, verdict)",
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

# `facets` are words of their own column (m<model>, e<ended>), so that a filter is one more list to intersect and
# never a walk over rows. External content: the index holds no second copy of the text.
_TOKENS = "tokenize='unicode61 remove_diacritics 2', prefix='2 3'"
_NEW = "new.id, new.text, new.reasoning, 'm' || new.model_id || ' e' || new.ended"
_OLD = "'delete', old.id, old.text, old.reasoning, 'm' || old.model_id || ' e' || old.ended"
_SEARCH = (
    """CREATE VIEW sample_words AS
        SELECT id, text, reasoning, 'm' || model_id || ' e' || ended AS facets FROM sample""",
    f"""CREATE VIRTUAL TABLE sample_fts USING fts5(
        text, reasoning, facets, content='sample_words', content_rowid='id', {_TOKENS})""",
    f"""CREATE TRIGGER sample_added AFTER INSERT ON sample BEGIN
        INSERT INTO sample_fts (rowid, text, reasoning, facets) VALUES ({_NEW}); END""",
    f"""CREATE TRIGGER sample_removed AFTER DELETE ON sample BEGIN
        INSERT INTO sample_fts (sample_fts, rowid, text, reasoning, facets) VALUES ({_OLD}); END""",
    f"""CREATE TRIGGER sample_changed AFTER UPDATE OF text, reasoning, model_id, ended ON sample BEGIN
        INSERT INTO sample_fts (sample_fts, rowid, text, reasoning, facets) VALUES ({_OLD});
        INSERT INTO sample_fts (rowid, text, reasoning, facets) VALUES ({_NEW}); END""",
    f"""CREATE VIRTUAL TABLE prompt_fts USING fts5(
        words, note, content='version', content_rowid='id', {_TOKENS})""",
    """CREATE TRIGGER version_added AFTER INSERT ON version BEGIN
        INSERT INTO prompt_fts (rowid, words, note) VALUES (new.id, new.words, new.note); END""",
    """CREATE TRIGGER version_removed AFTER DELETE ON version BEGIN
        INSERT INTO prompt_fts (prompt_fts, rowid, words, note) VALUES ('delete', old.id, old.words, old.note); END""",
    """CREATE TRIGGER version_changed AFTER UPDATE OF words, note ON version BEGIN
        INSERT INTO prompt_fts (prompt_fts, rowid, words, note) VALUES ('delete', old.id, old.words, old.note);
        INSERT INTO prompt_fts (rowid, words, note) VALUES (new.id, new.words, new.note); END""",
)

# In rows of the first step the new columns are empty: `source` then follows from `sample_id`, and `input_key` (a digest
# of the normalised input, by which duplicates are found) is worked out when it is asked for.
_EXAMPLES = (
    "ALTER TABLE example ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE example ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE example ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    'ALTER TABLE example ADD COLUMN "group" TEXT',
    "ALTER TABLE example ADD COLUMN source TEXT",
    "ALTER TABLE example ADD COLUMN input_key BLOB",
    "CREATE INDEX example_input ON example (project_id, input_key)",
    # What an example said before an edit.
    """CREATE TABLE example_edit (
        id INTEGER PRIMARY KEY, example_id INTEGER NOT NULL REFERENCES example(id) ON DELETE CASCADE,
        created_at TEXT NOT NULL, label TEXT, input TEXT NOT NULL, output TEXT NOT NULL)""",
    "CREATE INDEX example_edit_example ON example_edit (example_id)",
)

_SETS = (
    """CREATE TABLE example_set (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        name TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (project_id, name))""",
    """CREATE TABLE example_set_version (
        id INTEGER PRIMARY KEY, set_id INTEGER NOT NULL REFERENCES example_set(id), number INTEGER NOT NULL,
        digest TEXT NOT NULL, n INTEGER NOT NULL, created_at TEXT NOT NULL, template TEXT NOT NULL,
        UNIQUE (set_id, number))""",
    # An example as a set froze it, whole, as JSON; once however many versions hold it.
    """CREATE TABLE example_text (
        id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body TEXT NOT NULL)""",
    """CREATE TABLE example_set_item (
        version_id INTEGER NOT NULL REFERENCES example_set_version(id), place INTEGER NOT NULL,
        text_id INTEGER NOT NULL REFERENCES example_text(id),
        example_id INTEGER REFERENCES example(id) ON DELETE SET NULL, PRIMARY KEY (version_id, place)) WITHOUT ROWID""",
    "CREATE INDEX example_set_item_example ON example_set_item (example_id) WHERE example_id IS NOT NULL",
    """CREATE TABLE run_examples (
        run_id INTEGER PRIMARY KEY REFERENCES run(id) ON DELETE CASCADE,
        version_id INTEGER NOT NULL REFERENCES example_set_version(id), detail TEXT NOT NULL)""",
    "CREATE INDEX run_examples_version ON run_examples (version_id)",
    """CREATE TRIGGER example_text_frozen BEFORE UPDATE ON example_text BEGIN
        SELECT raise(ABORT, 'the text of an example set is frozen'); END""",
    """CREATE TRIGGER example_set_item_frozen BEFORE UPDATE OF version_id, place, text_id ON example_set_item BEGIN
        SELECT raise(ABORT, 'a version of an example set is frozen'); END""",
)

_DATASETS = (
    # Rows numbered up to `n` are there; later ones belong to an import under way, last heard of at `touched_at`.
    # `labels`, `splits` and `facts` are kept counts, as JSON, so that no list ever counts rows.
    """CREATE TABLE dataset (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id), name TEXT NOT NULL,
        created_at TEXT NOT NULL, finished_at TEXT, touched_at TEXT, n INTEGER NOT NULL DEFAULT 0,
        unlabelled INTEGER NOT NULL DEFAULT 0, distinct_labels INTEGER NOT NULL DEFAULT 0,
        labels TEXT NOT NULL DEFAULT '{}', splits TEXT NOT NULL DEFAULT '{}', facts TEXT NOT NULL DEFAULT '{}',
        source TEXT NOT NULL, columns TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX dataset_name ON dataset (project_id, name) WHERE finished_at IS NOT NULL",
    "CREATE INDEX dataset_unfinished ON dataset (touched_at) WHERE touched_at IS NOT NULL",
    # Long columns last: what only counts never reads their pages.
    """CREATE TABLE dataset_row (
        id INTEGER PRIMARY KEY, dataset_id INTEGER NOT NULL REFERENCES dataset(id), number INTEGER NOT NULL,
        key TEXT NOT NULL, split TEXT, label TEXT, "group" TEXT, extra TEXT NOT NULL, input TEXT NOT NULL,
        output TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX dataset_row_number ON dataset_row (dataset_id, number)",
    "CREATE UNIQUE INDEX dataset_row_key ON dataset_row (dataset_id, key)",
    "CREATE INDEX dataset_row_split ON dataset_row (dataset_id, split, number)",
)

_JOBS = (
    """CREATE TABLE job_group (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id), name TEXT NOT NULL,
        created_at TEXT NOT NULL, sweep TEXT NOT NULL)""",
    # What many jobs have in common, once: environments without secrets, diffs, lists of packages.
    "CREATE TABLE job_text (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL)",
    # `place` orders those that wait. `open` is 0 once the fold over the observations says that it has ended.
    """CREATE TABLE job (
        id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, project_id INTEGER NOT NULL REFERENCES project(id),
        idea_id INTEGER REFERENCES idea(id), group_id INTEGER REFERENCES job_group(id),
        parent_id INTEGER REFERENCES job(id), parent_how TEXT NOT NULL DEFAULT '', name TEXT NOT NULL,
        backend TEXT NOT NULL, queue TEXT NOT NULL, place REAL NOT NULL, open INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL, native TEXT NOT NULL DEFAULT '', gpu_ids TEXT NOT NULL DEFAULT '[]',
        env_id INTEGER REFERENCES job_text(id), "values" TEXT NOT NULL DEFAULT '{}', spec TEXT NOT NULL)""",
    "CREATE INDEX job_project ON job (project_id, id)",
    "CREATE INDEX job_open ON job (place) WHERE open",
    "CREATE INDEX job_of_group ON job (group_id) WHERE group_id IS NOT NULL",
    """CREATE TABLE job_after (
        job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, on_id INTEGER NOT NULL, anyhow INTEGER NOT NULL,
        PRIMARY KEY (job_id, on_id)) WITHOUT ROWID""",
    """CREATE TABLE job_observation (
        id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, at TEXT NOT NULL,
        source TEXT NOT NULL, state TEXT, raw TEXT NOT NULL, exit_code INTEGER, signal INTEGER, started TEXT,
        ended TEXT, elapsed_s REAL, evidence TEXT NOT NULL, detail TEXT NOT NULL)""",
    "CREATE INDEX job_observation_job ON job_observation (job_id, id)",
    """CREATE TRIGGER job_observation_frozen BEFORE UPDATE ON job_observation BEGIN
        SELECT raise(ABORT, 'an observation is never changed'); END""",
    # What readers of metrics know now, by name: progress, eta, metrics, usual_gap_s.
    """CREATE TABLE job_fact (
        job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, name TEXT NOT NULL, source TEXT NOT NULL,
        at TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (job_id, name)) WITHOUT ROWID""",
    # `stage`: when it was submitted, when it started.
    """CREATE TABLE job_capture (
        job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, stage TEXT NOT NULL, at TEXT NOT NULL,
        facts TEXT NOT NULL, diff_id INTEGER REFERENCES job_text(id), packages_id INTEGER REFERENCES job_text(id),
        PRIMARY KEY (job_id, stage)) WITHOUT ROWID""",
    # One metric of one job in one file, and its points, packed (see store/job_points.py).
    """CREATE TABLE job_series (
        id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, source TEXT NOT NULL,
        name TEXT NOT NULL, total INTEGER NOT NULL, UNIQUE (job_id, source, name))""",
    """CREATE TABLE job_points (
        series_id INTEGER NOT NULL REFERENCES job_series(id) ON DELETE CASCADE, part INTEGER NOT NULL,
        data BLOB NOT NULL, PRIMARY KEY (series_id, part))""",
    """CREATE TABLE job_mark (
        id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, at TEXT NOT NULL,
        place INTEGER NOT NULL, note TEXT NOT NULL)""",
    "CREATE INDEX job_mark_job ON job_mark (job_id, place)",
    """CREATE TABLE job_queue (
        name TEXT PRIMARY KEY, slots INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
)

_ENTRIES = (
    # `revision` counts edits: who saves names the one that was edited, so that no edit is lost. `day` is the person's.
    """CREATE TABLE entry (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        idea_id INTEGER REFERENCES idea(id), kind TEXT NOT NULL, day TEXT NOT NULL, created_at TEXT NOT NULL,
        changed_at TEXT NOT NULL, revision INTEGER NOT NULL, removed_at TEXT, tags TEXT NOT NULL, title TEXT NOT NULL,
        body TEXT NOT NULL)""",
    "CREATE INDEX entry_day ON entry (project_id, day, id) WHERE removed_at IS NULL",
    "CREATE INDEX entry_idea ON entry (idea_id, id) WHERE idea_id IS NOT NULL",
    """CREATE TABLE entry_revision (
        entry_id INTEGER NOT NULL REFERENCES entry(id), number INTEGER NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL,
        idea TEXT NOT NULL, tags TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (entry_id, number))""",
    """CREATE TRIGGER entry_revision_frozen BEFORE UPDATE ON entry_revision BEGIN
        SELECT raise(ABORT, 'a revision of an entry is never changed'); END""",
    """CREATE TRIGGER entry_revision_kept BEFORE DELETE ON entry_revision BEGIN
        SELECT raise(ABORT, 'the history of an entry is kept'); END""",
    """CREATE TABLE entry_tag (
        entry_id INTEGER NOT NULL REFERENCES entry(id) ON DELETE CASCADE, name TEXT NOT NULL,
        PRIMARY KEY (name, entry_id)) WITHOUT ROWID""",
    """CREATE TABLE entry_cite (
        entry_id INTEGER NOT NULL REFERENCES entry(id) ON DELETE CASCADE, kind TEXT NOT NULL, target INTEGER NOT NULL,
        PRIMARY KEY (kind, target, entry_id)) WITHOUT ROWID""",
    "CREATE INDEX entry_cite_entry ON entry_cite (entry_id)",
    *(
        f"""CREATE TRIGGER {table}_cited BEFORE DELETE ON {table}
        WHEN EXISTS (SELECT 1 FROM entry_cite WHERE kind = '{table}' AND target = old.id) BEGIN
        SELECT raise(ABORT, 'this {table} is cited in the log'); END"""
        for table in CITED
    ),
    # What is being typed and not saved yet: of an entry, or of one to be (entry_id is empty).
    """CREATE TABLE entry_draft (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        entry_id INTEGER REFERENCES entry(id) ON DELETE CASCADE, revision INTEGER NOT NULL, session TEXT NOT NULL,
        at TEXT NOT NULL, state TEXT NOT NULL)""",
    """CREATE VIEW entry_words AS SELECT id, title, body, tags FROM entry""",
    f"""CREATE VIRTUAL TABLE entry_fts USING fts5(
        title, body, tags, content='entry_words', content_rowid='id', {_TOKENS})""",
    """CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
        INSERT INTO entry_fts (rowid, title, body, tags) VALUES (new.id, new.title, new.body, new.tags); END""",
    """CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN
        INSERT INTO entry_fts (entry_fts, rowid, title, body, tags)
        VALUES ('delete', old.id, old.title, old.body, old.tags); END""",
    """CREATE TRIGGER entry_changed AFTER UPDATE OF title, body, tags ON entry BEGIN
        INSERT INTO entry_fts (entry_fts, rowid, title, body, tags)
        VALUES ('delete', old.id, old.title, old.body, old.tags);
        INSERT INTO entry_fts (rowid, title, body, tags) VALUES (new.id, new.title, new.body, new.tags); END""",
)

_GUESSES = (
    # `kind` and `target` are what it is about, empty where it is about nothing stored yet. A claim and its probability
    # never change: another opinion is another prediction.
    """CREATE TABLE prediction (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        idea_id INTEGER REFERENCES idea(id), kind TEXT NOT NULL, target INTEGER, made_at TEXT NOT NULL, p REAL NOT NULL,
        claim TEXT NOT NULL, resolved_at TEXT, happened INTEGER, note TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX prediction_target ON prediction (kind, target)",
    "CREATE INDEX prediction_project ON prediction (project_id, id)",
    """CREATE TRIGGER prediction_frozen BEFORE UPDATE OF p, claim, made_at ON prediction BEGIN
        SELECT raise(ABORT, 'a prediction is never changed'); END""",
    # Proposed experiments. `rule` names what proposed it, empty for a person; `about` is what it follows from, and
    # together they keep a rule from proposing the same twice. Bits, hours and dollars are empty where unknown.
    """CREATE TABLE step (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id),
        idea_id INTEGER REFERENCES idea(id), state TEXT NOT NULL, place REAL NOT NULL, rule TEXT NOT NULL,
        about TEXT NOT NULL, rung TEXT NOT NULL, bits REAL, hours REAL, usd REAL, blocked_by TEXT NOT NULL,
        made_at TEXT NOT NULL, closed_at TEXT, result TEXT NOT NULL DEFAULT '', title TEXT NOT NULL,
        why TEXT NOT NULL)""",
    "CREATE INDEX step_open ON step (project_id, place) WHERE state = 'open'",
    "CREATE UNIQUE INDEX step_rule ON step (project_id, rule, about) WHERE rule != ''",
)

_PAPERS = (
    # `how` it is read: tangential (abstract, figure 1, stop) or direct (all of it). `fields` are BibTeX's others.
    """CREATE TABLE paper (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES project(id), key TEXT NOT NULL,
        kind TEXT NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, year TEXT NOT NULL, arxiv TEXT NOT NULL,
        doi TEXT NOT NULL, how TEXT NOT NULL, state TEXT NOT NULL, place REAL NOT NULL, ideas TEXT NOT NULL,
        notes TEXT NOT NULL, added_at TEXT NOT NULL, read_at TEXT, fields TEXT NOT NULL)""",
    "CREATE INDEX paper_place ON paper (project_id, place)",
    "CREATE UNIQUE INDEX paper_arxiv ON paper (project_id, arxiv) WHERE arxiv != ''",
    "CREATE UNIQUE INDEX paper_key ON paper (project_id, key)",
)

STEPS: tuple[Step, ...] = (
    Step("0001_first_flight", _NOUNS + _SAMPLES + _MARKS + _SEARCH),
    Step("0002_examples", _EXAMPLES + _SETS + _DATASETS),
    Step("0003_jobs", _JOBS),
    Step("0004_log", _ENTRIES + _GUESSES),
    Step("0005_papers", _PAPERS),
)
