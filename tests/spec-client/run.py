# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Runs every check of a client that was written from the specification alone; `run.py S3 H4` runs those rules only."""

import asyncio
import sys
import time
import traceback

sys.dont_write_bytecode = True

from cast import CHECKS, Cast  # noqa: E402
from fair import Fair, new_folder  # noqa: E402

MODULES = ("checks_join", "checks_frames", "checks_streams", "checks_places", "checks_texts", "checks_audience", "checks_polls", "checks_breakouts", "checks_stands", "checks_stage", "checks_programme", "checks_restart", "checks_media")
AT_ONCE = 8
# A round of breakouts ends 30 s after it was called back, and its check waits for that.
LONGEST_S = 60


async def run_check(fair, turns, rule, sentence, function, known):
    """Runs one check; gives whether it passed, and says so."""
    async with turns:
        started = time.monotonic()
        said = None
        try:
            async with Cast(fair) as cast:
                await asyncio.wait_for(function(cast), LONGEST_S)
                said = "; ".join(cast.violations()) or None
        except Exception as failure:  # one check must not end the others
            where = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(failure.__traceback__)
                     if "spec-client" in frame.filename]
            said = f"{type(failure).__name__}: {failure} ({' > '.join(where[-3:])})"
        if known:
            said, sentence = (None if said else "passes now: take `known` away"), f"{sentence} - not yet: {known}"
        print(f"{'ok  ' if said is None else 'FAIL'} {rule} {sentence} ({time.monotonic() - started:.1f} s)", flush=True)
        if said:
            print(f"     {said}", flush=True)
        return said is None


async def main():
    """Starts one server for all checks and adds them up."""
    for module in MODULES:
        __import__(module)
    wanted = sys.argv[1:]
    chosen = [entry for entry in CHECKS if not wanted or entry[0] in wanted or entry[2].__name__ in wanted]
    turns = asyncio.Semaphore(AT_ONCE)
    with new_folder() as folder:
        fair = await Fair(folder).start()
        try:
            results = await asyncio.gather(*(run_check(fair, turns, *entry) for entry in chosen))
            alive = fair.process.poll() is None
            if not alive:
                print(f"the server has ended:\n{fair.tail()}")
        finally:
            await fair.stop()
    print(f"# pass {sum(results)}\n# fail {len(results) - sum(results) + (not alive)}")
    return all(results) and alive


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
