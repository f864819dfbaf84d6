# What the five minutes and the pages of this folder use beside curl: Python alone. Load it with: . docs/api/shell.sh

JSON='Content-Type: application/json'

# show state review.note: these fields of the JSON that comes in, a line each; in a list, of every entry.
show() {
  python3 -c '
import json, sys

def at(found, names):
    if isinstance(found, list) and names and not names[0].isdigit():
        return [at(each, names) for each in found]
    if not names:
        return found
    return at(found[int(names[0])] if isinstance(found, list) else found[names[0]], names[1:])

def said(found):
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

found = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = at(found, name.split("."))
    print(name + ":" + "".join(f"\n  {said(each)}" for each in value) if isinstance(value, list) else f"{name}: {said(value)}")
' "$@"
}

# field id: the value of one field alone, to keep in a variable.
field() { show "$1" | cut -d ' ' -f 2-; }

# seen ADDRESS: as curl, asked again for some seconds until it goes well: what others must hear of first takes a moment.
seen() { curl -sf --retry 9 --retry-delay 1 --retry-all-errors "$@"; }

# month -1: a month in Beijing as 2026-11; 0 is the running one, -1 the one before.
month() {
  python3 -c '
import datetime, sys
now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
number = now.year * 12 + now.month - 1 + int(sys.argv[1])
print(f"{number // 12}-{number % 12 + 1:02}")
' "$1"
}
