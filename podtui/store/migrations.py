"""How the tables came to be: numbered, append-only, each in one transaction with its number."""

APPLICATION_ID = 0x706F6474
"""Marks the file as podtui's (``PRAGMA application_id``, the letters "podt")."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE workflow (
            hash TEXT PRIMARY KEY, name TEXT NOT NULL, document TEXT NOT NULL) STRICT""",
        """CREATE TABLE batch (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,
            started_ms INTEGER, ended_ms INTEGER, state TEXT NOT NULL,
            pause_title TEXT NOT NULL DEFAULT '', pause_next TEXT NOT NULL DEFAULT '',
            stop_wished INTEGER NOT NULL DEFAULT 0, cancel_wished INTEGER NOT NULL DEFAULT 0,
            prompt TEXT NOT NULL, style TEXT NOT NULL, genre TEXT NOT NULL, negative TEXT NOT NULL,
            suffix TEXT NOT NULL, full_prompt TEXT NOT NULL, batch_size INTEGER NOT NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL,
            draft_width INTEGER NOT NULL, draft_height INTEGER NOT NULL,
            steps INTEGER NOT NULL, cfg_scale REAL NOT NULL, seed TEXT, seed_policy TEXT NOT NULL,
            backend TEXT NOT NULL, endpoint TEXT NOT NULL, workflow TEXT NOT NULL,
            workflow_hash TEXT NOT NULL REFERENCES workflow (hash),
            in_flight INTEGER NOT NULL, budget_microdollars INTEGER, price_microdollars_per_s INTEGER,
            note TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '', parent TEXT) STRICT""",
        "CREATE INDEX batch_state ON batch (state, n)",
        "CREATE INDEX batch_alike ON batch (endpoint, workflow_hash, steps, draft_width, draft_height, n)",
        """CREATE TABLE image (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, batch TEXT NOT NULL REFERENCES batch (id),
            position INTEGER NOT NULL, origin TEXT NOT NULL DEFAULT 'slot', origin_image TEXT,
            prompt TEXT NOT NULL, seed TEXT NOT NULL, state TEXT NOT NULL,
            cancel_wished INTEGER NOT NULL DEFAULT 0,
            cause TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '',
            note TEXT NOT NULL DEFAULT '',
            ending TEXT NOT NULL DEFAULT '', sha256 TEXT NOT NULL DEFAULT '',
            bytes INTEGER NOT NULL DEFAULT 0,
            width INTEGER NOT NULL DEFAULT 0, height INTEGER NOT NULL DEFAULT 0,
            phash TEXT NOT NULL DEFAULT '', has_alpha INTEGER NOT NULL DEFAULT 0, stored_ms INTEGER,
            decision TEXT NOT NULL DEFAULT 'undecided', decided_ms INTEGER,
            rating INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '',
            print_state TEXT NOT NULL DEFAULT '', print_sha256 TEXT NOT NULL DEFAULT '',
            print_title TEXT NOT NULL DEFAULT '', print_bytes INTEGER NOT NULL DEFAULT 0,
            publication TEXT NOT NULL DEFAULT '', UNIQUE (batch, position)) STRICT""",
        "CREATE INDEX image_state ON image (state, n)",
        "CREATE INDEX image_decision ON image (decision, n)",
        "CREATE INDEX image_print ON image (print_state, n) WHERE print_state = 'wanted'",
        "CREATE INDEX image_sha256 ON image (sha256) WHERE sha256 <> ''",
        """CREATE TABLE attempt (
            n INTEGER PRIMARY KEY, image TEXT NOT NULL REFERENCES image (id), number INTEGER NOT NULL,
            backend TEXT NOT NULL, endpoint TEXT NOT NULL, job TEXT, state TEXT NOT NULL,
            submitted_ms INTEGER NOT NULL, running_ms INTEGER, ended_ms INTEGER,
            delay_ms INTEGER, execution_ms INTEGER, worker TEXT NOT NULL DEFAULT '',
            price_microdollars_per_s INTEGER, cost_microdollars INTEGER,
            title TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '',
            UNIQUE (image, number)) STRICT""",
        "CREATE UNIQUE INDEX attempt_job ON attempt (backend, endpoint, job) WHERE job IS NOT NULL",
        "CREATE INDEX attempt_submitted ON attempt (submitted_ms)",
        """CREATE TABLE step (
            n INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL, who TEXT NOT NULL, words TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'live') STRICT""",
        "CREATE INDEX step_state ON step (state, n)",
        """CREATE TABLE decision (
            n INTEGER PRIMARY KEY, step INTEGER NOT NULL REFERENCES step (n),
            image TEXT NOT NULL REFERENCES image (id), before TEXT NOT NULL, after TEXT NOT NULL) STRICT""",
        "CREATE INDEX decision_step ON decision (step)",
        "CREATE INDEX decision_image ON decision (image, n)",
        """CREATE TABLE event (
            n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL,
            batch TEXT, image TEXT, payload TEXT NOT NULL) STRICT""",
        "CREATE INDEX event_batch ON event (batch, n)",
        "CREATE TABLE remembered (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "CREATE VIRTUAL TABLE batch_words USING fts5 (words, tokenize = 'unicode61', prefix = '2 3')",
        "CREATE VIRTUAL TABLE image_words USING fts5 (words, tokenize = 'unicode61', prefix = '2 3')",
    ),
)
"""One tuple of statements for each version of the schema; never edited, only added to."""
