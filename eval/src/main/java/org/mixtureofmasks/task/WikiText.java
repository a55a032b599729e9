package org.mixtureofmasks.task;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.mixtureofmasks.template.PythonText;

/**
 * WikiText as lm-evaluation-harness reads it: a raw file is cut into pages, and each page's
 * tokenised text is made natural again before the model sees it, while words and bytes are counted
 * on the page as it was.
 */
public final class WikiText {
  private static final Pattern ROUND = inside("\\(", "[^)]", "\\)");
  private static final Pattern SQUARE = inside("\\[", "[^\\]]", "\\]");
  private static final Pattern CURLY = inside("\\{", "[^}]", "\\}");
  private static final Pattern DOUBLE_QUOTED = inside("\"", "[^\"]", "\"");
  private static final Pattern SINGLE_QUOTED = inside("'", "[^']", "'");
  private static final Pattern SLASHED_DIGIT = Pattern.compile("/' [0-9]/");

  private WikiText() {}

  /** Pages of a raw file: each begins with its title line {@code = Title = }. */
  public static List<String> pages(String raw) {
    List<String> pages = new ArrayList<>();
    List<String> page = new ArrayList<>();
    for (String line : raw.split("\n", -1)) {
      // Headings of sections have two or more signs on each side.
      String title = PythonText.strip(line.replace("= = =", "===").replace("= =", "=="));
      if (title.startsWith("= ") && title.endsWith(" =")) {
        addUnlessBlank(pages, page);
        page.clear();
      }
      page.add(line);
    }
    addUnlessBlank(pages, page);
    return pages;
  }

  private static void addUnlessBlank(List<String> pages, List<String> lines) {
    String text = String.join("\n", lines);
    if (!PythonText.strip(text).isEmpty()) {
      pages.add(text);
    }
  }

  /** The page as prose: the harness's wikitext_detokenizer, step by step in its order. */
  public static String detokenise(String page) {
    String s = page.replace("s '", "s'");
    // Upstream's slashes are literal characters, so this hardly ever matches; kept as it is.
    s = SLASHED_DIGIT.matcher(s).replaceAll("/'[0-9]/");
    s = s.replace(" @-@ ", "-").replace(" @,@ ", ",").replace(" @.@ ", ".");
    for (String mark : List.of(":", ";", ".", "!", "?", ",")) {
      s = s.replace(" " + mark + " ", mark + " ");
    }
    s = ROUND.matcher(s).replaceAll("($1)");
    s = SQUARE.matcher(s).replaceAll("[$1]");
    s = CURLY.matcher(s).replaceAll("{$1}");
    s = DOUBLE_QUOTED.matcher(s).replaceAll("\"$1\"");
    s = SINGLE_QUOTED.matcher(s).replaceAll("'$1'");
    s = s.replace("= = = =", "====").replace("= = =", "===").replace("= =", "==");
    s = s.replace(" \u00b0 ", "\u00b0");
    s = s.replace(" \n", "\n").replace("\n ", "\n");
    return s.replace(" N ", " 1 ").replace(" 's", "'s");
  }

  /** Words of the original page: pieces between white space, empty ones at the edges included. */
  public static int words(String page) {
    return PythonText.words(page);
  }

  /** UTF-8 bytes of the original page. */
  public static int bytes(String page) {
    return page.getBytes(StandardCharsets.UTF_8).length;
  }

  /** An opening sign, white space, the shortest inner text, white space, the closing sign. */
  private static Pattern inside(String open, String inner, String close) {
    return Pattern.compile(
        open + PythonText.SPACE + "*(" + inner + "*?)" + PythonText.SPACE + "*" + close);
  }
}
