#!/bin/sh
# Pictures of a report for docs/: the top of the page in light and in dark colours.
#   scripts/report_images.sh ANALYSIS/report.html docs/images
# Needs chromium or google-chrome (MOM_CHROME names another).
set -eu
[ $# = 2 ] || { echo "usage: scripts/report_images.sh REPORT.html FOLDER" >&2; exit 2; }
report=$(readlink -f "$1")
browser=${MOM_CHROME:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} ||
  { echo "no chromium or google-chrome in the PATH: install one or set MOM_CHROME" >&2; exit 1; }
mkdir -p "$2"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
for scheme in light:1 dark:0; do
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" \
    --window-size=1280,1800 --blink-settings=preferredColorScheme="${scheme#*:}" \
    --screenshot="$2/analysis-${scheme%:*}.png" "file://$report" 2>"$profile/log" || { cat "$profile/log" >&2; exit 1; }
done
ls -l "$2"/analysis-light.png "$2"/analysis-dark.png
