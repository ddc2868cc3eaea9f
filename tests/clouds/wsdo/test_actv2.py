"""The follower of the activity log against any rows; the client as a whole is in test_wsdo.py."""

from hypothesis import example, given
from hypothesis import strategies as st

from emulator.clouds.wsdo import codes, pet
from emulator.clouds.wsdo.actv2 import GAP, Follower
from emulator.model import DISARMED, Arm, Disarm, PanelState

KNOWN = PanelState(DISARMED, 0.0, "32", "EST2")
TYPES = st.sampled_from([*codes.LOG_CHANGES, *sorted(codes.LOG_SILENT), *sorted(codes.LOG_MOVING), "9999", ""])
ROWS = st.lists(TYPES, max_size=6).map(
    lambda types: tuple(pet.LogRow((str(len(types) - place),), type_) for place, type_ in enumerate(types))
)


@example((pet.LogRow(("2",), ""), pet.LogRow(("1",), "32")), ())  # one without a type hid what stood below it
@example((pet.LogRow(("2",), ""), pet.LogRow(("1",), "31")), ())
@given(ROWS, ROWS)
def test_what_is_told_follows_from_the_changes_above_what_is_known(
    new: tuple[pet.LogRow, ...], old: tuple[pet.LogRow, ...]
) -> None:
    old = (*old, pet.LogRow(("mark",), codes.LOG_STATUS_CHECK))
    new = tuple(pet.LogRow(("new", *row.key), row.type) for row in new)
    follower = Follower()
    follower.begin(old)
    axes = KNOWN.axes
    for row in reversed(new):
        if row.type in codes.LOG_CHANGES:
            mode = codes.LOG_CHANGES[row.type]
            axes = axes.after(Disarm() if mode is None else Arm(mode))
    told = follower.follow(new + old, KNOWN)
    assert told
    assert told[0] == axes
    assert follower.doubtful == {row.type for row in new} - codes.LOG_CHANGES.keys() - codes.LOG_SILENT
    assert follower.follow(new + old, KNOWN) == (KNOWN.axes, KNOWN.raw)  # none is new any more


@given(ROWS, ROWS, st.sampled_from(["", *codes.LOG_OWN]))
def test_rows_that_do_not_reach_down_to_a_known_one_are_never_trusted(
    new: tuple[pet.LogRow, ...], old: tuple[pet.LogRow, ...], own: str
) -> None:
    follower = Follower()
    follower.begin((pet.LogRow(("mark",), "1"), *old))
    follower.expect(own)
    told = follower.follow(tuple(pet.LogRow(("new", *row.key), row.type) for row in new), KNOWN)
    assert told is None
    assert (GAP in follower.doubtful) is bool(new)
