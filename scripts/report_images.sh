#!/bin/sh
# Pictures of some sections of a report for docs/, in light and in dark colours. A section's name is the part after # in
# its link.
#   scripts/report_images.sh ANALYSIS/report.html docs/images selection hits subjects
# Needs chromium or google-chrome (MOM_CHROME names another); MOM_FIGURE_HEIGHT is their height in pixels.
set -eu
[ $# -ge 3 ] || { echo "usage: scripts/report_images.sh REPORT.html FOLDER SECTION..." >&2; exit 2; }
browser=${MOM_CHROME:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} ||
  { echo "report_images: no chromium or google-chrome in the PATH: install one or set MOM_CHROME" >&2; exit 1; }
report=$1
out=$2
shift 2
others=
for section in "$@"; do
  grep -q "<section id=\"$section\"" "$report" || { echo "report_images: $report has no section '$section'" >&2; exit 1; }
  others="$others:not(#$section)"
done
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|^</head>|<style>nav, section$others, footer { display: none; }</style></head>|" "$report" > "$work/page.html"
for scheme in light:1 dark:0; do
  picture=$out/analysis-${scheme%:*}.png
  rm -f "$picture"
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size=1280,"${MOM_FIGURE_HEIGHT:-1800}" --blink-settings=preferredColorScheme="${scheme#*:}" \
    --screenshot="$picture" "file://$work/page.html" 2> "$work/log" || true
  [ -s "$picture" ] || { cat "$work/log" >&2; exit 1; }
done
ls -l "$out"/analysis-light.png "$out"/analysis-dark.png
