#!/bin/sh
# phonenumbers: what is not part of a number is dropped without a word, and letters become digits.
#
# Good guess: parse() refuses a text that is no number, and is_valid_number() says whether the text was one; E.164 is
# another spelling of what was sent.
# What happens: what stands before a number is dropped ("Tel." as well as half a sentence), so are a second plus sign and a
# long-distance carrier's prefix, and an extension is told apart but not written in E.164, so that two desks of one
# house are one number. A company's word number without its country, read as one of China, becomes the mobile number of a stranger.
# What we do: functions/tiers/phones.py takes digits, one plus sign and punctuation only, before the library is asked.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   phonenumbers 9.0.43
#   'do not call 138 0013 8000': valid, +8613800138000
#   '++86 138 0013 8000': valid, +8613800138000
#   '17951 138 0013 8000': valid, +8613800138000
#   '010-8888 8888 ext. 12': valid, +861088888888
#   '010-8888 8888 ext. 13': valid, +861088888888
#   '1-800-FLOWERS': valid, +8618003569377
set -eu

packages="phonenumbers==9.0.43"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import phonenumbers

print("phonenumbers", phonenumbers.__version__)
for text in (
    "do not call 138 0013 8000",
    "++86 138 0013 8000",
    "17951 138 0013 8000",
    "010-8888 8888 ext. 12",
    "010-8888 8888 ext. 13",
    "1-800-FLOWERS",
):
    number = phonenumbers.parse(text, "CN")
    valid = "valid" if phonenumbers.is_valid_number(number) else "not valid"
    print(f"{text!r}: {valid}, {phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
