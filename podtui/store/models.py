"""The tables as Peewee knows them; their shape is made by the migrations."""

import peewee as pw

PROXY = pw.DatabaseProxy()
"""The database of this process's library; bound by ``database.open_database``."""


class Table(pw.Model):
    """A table of the library."""

    n = pw.AutoField()

    class Meta:
        """Bound late, in one place."""

        database = PROXY
        legacy_table_names = False


class Workflow(pw.Model):
    """A graph as it was when a batch was composed."""

    hash = pw.TextField(primary_key=True)
    name = pw.TextField()
    document = pw.TextField()

    class Meta:
        """Bound late, in one place."""

        database = PROXY


class Batch(Table):
    """A batch as composed, and how far it has come."""

    id = pw.TextField(unique=True)
    created_ms = pw.IntegerField()
    started_ms = pw.IntegerField(null=True)
    ended_ms = pw.IntegerField(null=True)
    state = pw.TextField()
    pause_title = pw.TextField(default="")
    pause_next = pw.TextField(default="")
    stop_wished = pw.BooleanField(default=False)
    cancel_wished = pw.BooleanField(default=False)
    prompt = pw.TextField()
    style = pw.TextField()
    genre = pw.TextField()
    negative = pw.TextField()
    suffix = pw.TextField()
    full_prompt = pw.TextField()
    batch_size = pw.IntegerField()
    width = pw.IntegerField()
    height = pw.IntegerField()
    draft_width = pw.IntegerField()
    draft_height = pw.IntegerField()
    steps = pw.IntegerField()
    cfg_scale = pw.DoubleField()
    seed = pw.TextField(null=True)
    seed_policy = pw.TextField()
    backend = pw.TextField()
    endpoint = pw.TextField()
    workflow = pw.TextField()
    workflow_hash = pw.TextField()
    in_flight = pw.IntegerField()
    budget_microdollars = pw.IntegerField(null=True)
    price_microdollars_per_s = pw.IntegerField(null=True)
    note = pw.TextField(default="")
    tags = pw.TextField(default="")
    parent = pw.TextField(null=True)


class Image(Table):
    """One image: a slot of its batch, its making, its file, what a person thinks of it."""

    id = pw.TextField(unique=True)
    batch = pw.TextField()
    position = pw.IntegerField()
    origin = pw.TextField(default="slot")
    origin_image = pw.TextField(null=True)
    prompt = pw.TextField()
    seed = pw.TextField()
    state = pw.TextField()
    cancel_wished = pw.BooleanField(default=False)
    cause = pw.TextField(default="")
    title = pw.TextField(default="")
    details = pw.TextField(default="")
    note = pw.TextField(default="")
    ending = pw.TextField(default="")
    sha256 = pw.TextField(default="")
    bytes = pw.IntegerField(default=0)
    width = pw.IntegerField(default=0)
    height = pw.IntegerField(default=0)
    phash = pw.TextField(default="")
    has_alpha = pw.BooleanField(default=False)
    stored_ms = pw.IntegerField(null=True)
    decision = pw.TextField(default="undecided")
    decided_ms = pw.IntegerField(null=True)
    rating = pw.IntegerField(default=0)
    tags = pw.TextField(default="")
    print_state = pw.TextField(default="")
    print_sha256 = pw.TextField(default="")
    print_title = pw.TextField(default="")
    print_bytes = pw.IntegerField(default=0)
    publication = pw.TextField(default="")


class Attempt(Table):
    """One try at an image: what was sent, to whom, how it ended, what it cost."""

    image = pw.TextField()
    number = pw.IntegerField()
    backend = pw.TextField()
    endpoint = pw.TextField()
    job = pw.TextField(null=True)
    state = pw.TextField()
    submitted_ms = pw.IntegerField()
    running_ms = pw.IntegerField(null=True)
    ended_ms = pw.IntegerField(null=True)
    delay_ms = pw.IntegerField(null=True)
    execution_ms = pw.IntegerField(null=True)
    worker = pw.TextField(default="")
    price_microdollars_per_s = pw.IntegerField(null=True)
    cost_microdollars = pw.IntegerField(null=True)
    title = pw.TextField(default="")
    details = pw.TextField(default="")
    answer = pw.TextField(default="")


class Step(Table):
    """One step of undo: a single decision, or a bulk one."""

    made_ms = pw.IntegerField()
    who = pw.TextField()
    words = pw.TextField()
    state = pw.TextField(default="live")


class DecisionRow(Table):
    """One change of mind about one image."""

    step = pw.IntegerField()
    image = pw.TextField()
    before = pw.TextField()
    after = pw.TextField()

    class Meta:
        """The table's own name."""

        table_name = "decision"


class EventRow(Table):
    """Something that happened."""

    at_ms = pw.IntegerField()
    kind = pw.TextField()
    level = pw.TextField()
    batch = pw.TextField(null=True)
    image = pw.TextField(null=True)
    payload = pw.TextField()

    class Meta:
        """The table's own name."""

        table_name = "event"


class Remembered(pw.Model):
    """A small thing to remember between two starts."""

    name = pw.TextField(primary_key=True)
    value = pw.TextField()

    class Meta:
        """Bound late, in one place."""

        database = PROXY
