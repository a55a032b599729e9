package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.Nearest;

/** Reads an {@link Expression} by recursive descent. */
final class ExpressionParser {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_]\\w*");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
  private static final Pattern TEXT =
      Pattern.compile("'((?:[^'\\\\]|\\\\.)*)'|\"((?:[^\"\\\\]|\\\\.)*)\"");

  private final String source;
  private int at;

  private ExpressionParser(String source) {
    this.source = source;
  }

  /**
   * @throws Refused saying where it cannot be read
   */
  static Expression parse(String source) throws Refused {
    ExpressionParser parser = new ExpressionParser(source);
    Expression expression = parser.sum();
    if (parser.at < source.length()) {
      throw parser.unexpected("nothing more");
    }
    return expression;
  }

  private Expression sum() throws Refused {
    Expression left = filtered();
    while (true) {
      if (took("+")) {
        left = new Expression.Sum(left, false, filtered());
      } else if (took("-")) {
        left = new Expression.Sum(left, true, filtered());
      } else {
        return left;
      }
    }
  }

  private Expression filtered() throws Refused {
    Expression value = primary();
    while (true) {
      if (took(".")) {
        String name = name();
        value =
            took("(")
                ? call(value, Functions.METHODS, name, arguments())
                : new Expression.Field(value, name);
      } else if (took("[")) {
        value = bracketed(value);
      } else if (took("|")) {
        String name = name();
        value = call(value, Functions.FILTERS, name, took("(") ? arguments() : List.of());
      } else {
        return value;
      }
    }
  }

  private Expression primary() throws Refused {
    if (took("(")) {
      Expression inner = sum();
      need(")");
      return inner;
    }
    if (took("[")) {
      return new Expression.Items(list("]"));
    }
    if (took("-")) {
      return new Expression.Literal(-Long.parseLong(token(NUMBER, "a number").group()));
    }
    skipSpaces();
    char next = at < source.length() ? source.charAt(at) : ' ';
    if (next == '\'' || next == '"') {
      Matcher text = token(TEXT, "the end of the text");
      return new Expression.Literal(
          unescape(text.group(1) == null ? text.group(2) : text.group(1)));
    }
    if (Character.isDigit(next)) {
      return new Expression.Literal(Long.parseLong(token(NUMBER, "a number").group()));
    }
    return new Expression.Column(name());
  }

  private Expression bracketed(Expression owner) throws Refused {
    Optional<Expression> from = took(":") ? Optional.empty() : Optional.of(sum());
    if (from.isPresent() && !took(":")) {
      need("]");
      return new Expression.Item(owner, from.get());
    }
    if (took("]")) {
      return new Expression.Slice(owner, from, Optional.empty());
    }
    Expression to = sum();
    need("]");
    return new Expression.Slice(owner, from, Optional.of(to));
  }

  private List<Expression> arguments() throws Refused {
    return list(")");
  }

  private List<Expression> list(String end) throws Refused {
    List<Expression> items = new ArrayList<>();
    while (!took(end)) {
      if (!items.isEmpty()) {
        need(",");
      }
      items.add(sum());
    }
    return List.copyOf(items);
  }

  @SuppressWarnings("ReferenceEquality") // one of two tables
  private Expression call(
      Expression owner,
      Map<String, Functions.Function> known,
      String name,
      List<Expression> arguments)
      throws Refused {
    Functions.Function function = known.get(name);
    if (function == null) {
      throw new Refused(
          "'"
              + source
              + "': there is no "
              + (known == Functions.FILTERS ? "filter" : "method")
              + " '"
              + name
              + "'"
              + Nearest.hint(name, known.keySet())
              + "; there are "
              + String.join(", ", known.keySet()));
    }
    if (arguments.size() < function.least() || arguments.size() > function.most()) {
      throw new Refused("'" + source + "': " + name + " has " + arguments.size() + " arguments");
    }
    return new Expression.Call(owner, function, arguments);
  }

  private String name() throws Refused {
    return token(NAME, "a name").group();
  }

  private Matcher token(Pattern pattern, String wanted) throws Refused {
    skipSpaces();
    Matcher matcher = pattern.matcher(source).region(at, source.length());
    if (!matcher.lookingAt()) {
      throw unexpected(wanted);
    }
    at = matcher.end();
    skipSpaces();
    return matcher;
  }

  private boolean took(String sign) {
    skipSpaces();
    if (!source.startsWith(sign, at)) {
      return false;
    }
    at += sign.length();
    skipSpaces();
    return true;
  }

  private void need(String sign) throws Refused {
    if (!took(sign)) {
      throw unexpected("'" + sign + "'");
    }
  }

  private void skipSpaces() {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
  }

  private Refused unexpected(String wanted) {
    return new Refused(
        "'"
            + source
            + "': at character "
            + (at + 1)
            + " there should be "
            + wanted
            + ", not "
            + (at < source.length() ? "'" + source.charAt(at) + "'" : "the end"));
  }

  private static String unescape(String text) {
    return text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\'", "'")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\");
  }
}
