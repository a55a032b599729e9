#!/usr/bin/env bash
# One figure of a study.html (or of any page with <figure>s and a <style>) as a PNG for the docs, in light colours.
#   scripts/figure.sh docs/results/headline/study.html "Quality against active share" docs/results/headline/quality.png
set -euo pipefail
if [ $# != 3 ]; then
  sed -n '2,3s/^# \?//p' "$0" >&2
  exit 2
fi
html=$1 caption=$2 png=$3
chrome=${MOM_CHROME:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chrome" ]; then
  echo "figure.sh: needs Chromium or Chrome on the PATH, or its path in MOM_CHROME" >&2
  exit 1
fi
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
{
  echo '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light">'
  sed -n '/<style>/,/<\/style>/p' "$html"
  echo '<style>details{display:none} figure{margin:1rem} body{width:900px}</style>'
  awk -v caption="<figcaption>$caption</figcaption>" '
    /<figure>/ { text = ""; in_figure = 1; wanted = 0 }
    in_figure { text = text $0 "\n" }
    index($0, caption) { wanted = 1 }
    /<\/figure>/ { if (in_figure && wanted) { printf "%s", text; found = 1 } in_figure = 0 }
    END { exit !found }' "$html" || { echo "figure.sh: $html has no figure '$caption'" >&2; exit 1; }
} > "$page"
"$chrome" --headless --no-sandbox --disable-gpu --hide-scrollbars --blink-settings=preferredColorScheme=1 \
  --window-size=920,"${MOM_FIGURE_HEIGHT:-760}" --screenshot="$png" "file://$page" 2> /dev/null
[ -s "$png" ] || { echo "figure.sh: $chrome wrote no picture" >&2; exit 1; }
