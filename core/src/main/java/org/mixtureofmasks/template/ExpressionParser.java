package org.mixtureofmasks.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.template.Token.Kind;

/** Reads an {@link Expression} from tokens by recursive descent. */
final class ExpressionParser {
  /** Templates come with models of strangers: both bounds keep them from using up the stack. */
  private static final int MOST_TOKENS = 1000;

  private static final int DEEPEST = 100;

  /** Every number of so many digits fits into 64 bits. */
  private static final int MOST_DIGITS = 18;

  private final String source;
  private final Functions functions;
  private final List<Token> tokens;
  private int next;
  private int depth;

  private ExpressionParser(String source, Functions functions) throws TemplateException {
    this.source = source;
    this.functions = functions;
    this.tokens = Lexer.tokens(source);
    if (tokens.size() > MOST_TOKENS) {
      throw new TemplateException(
          "an expression has %d parts; at most %d are read".formatted(tokens.size(), MOST_TOKENS));
    }
  }

  /**
   * @throws TemplateException saying where it cannot be read
   */
  static Expression parse(String source, Functions functions) throws TemplateException {
    ExpressionParser parser = new ExpressionParser(source, functions);
    Expression expression = parser.sum();
    if (parser.peek().kind() != Kind.END) {
      throw parser.unexpected("nothing more");
    }
    return expression;
  }

  private Expression sum() throws TemplateException {
    if (++depth > DEEPEST) {
      throw new TemplateException("'%s': is nested too deeply".formatted(source));
    }
    Expression left = filtered();
    while (true) {
      if (took("+")) {
        left = new Expression.Sum(left, false, filtered());
      } else if (took("-")) {
        left = new Expression.Sum(left, true, filtered());
      } else {
        depth--;
        return left;
      }
    }
  }

  private Expression filtered() throws TemplateException {
    Expression value = primary();
    while (true) {
      if (took(".")) {
        String name = name();
        value =
            took("(")
                ? call(value, "method", functions.methods(), name, list(")"))
                : new Expression.Field(value, name);
      } else if (took("[")) {
        value = bracketed(value);
      } else if (took("|")) {
        String name = name();
        value = call(value, "filter", functions.filters(), name, took("(") ? list(")") : List.of());
      } else {
        return value;
      }
    }
  }

  private Expression primary() throws TemplateException {
    if (took("(")) {
      Expression inner = sum();
      need(")");
      return inner;
    }
    if (took("[")) {
      return new Expression.Items(list("]"));
    }
    if (took("-")) {
      return new Expression.Literal(-number());
    }
    return switch (peek().kind()) {
      case TEXT -> new Expression.Literal(take().text());
      case NUMBER -> new Expression.Literal(number());
      default -> new Expression.Name(name());
    };
  }

  private Expression bracketed(Expression owner) throws TemplateException {
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

  private List<Expression> list(String end) throws TemplateException {
    List<Expression> items = new ArrayList<>();
    while (!took(end)) {
      if (!items.isEmpty()) {
        need(",");
      }
      items.add(sum());
    }
    return items;
  }

  private Expression call(
      Expression owner,
      String kind,
      Map<String, Functions.Function> known,
      String name,
      List<Expression> arguments)
      throws TemplateException {
    Functions.Function function = known.get(name);
    if (function == null) {
      throw new TemplateException(
          "'%s': there is no %s '%s'%s; there are %s"
              .formatted(
                  source,
                  kind,
                  name,
                  Nearest.hint(name, known.keySet()),
                  String.join(", ", known.keySet())));
    }
    if (arguments.size() < function.least() || arguments.size() > function.most()) {
      throw new TemplateException(
          "'%s': %s has %d arguments".formatted(source, name, arguments.size()));
    }
    return new Expression.Call(owner, function, arguments);
  }

  private String name() throws TemplateException {
    if (peek().kind() != Kind.NAME) {
      throw unexpected("a name");
    }
    return take().text();
  }

  private long number() throws TemplateException {
    if (peek().kind() != Kind.NUMBER || peek().text().length() > MOST_DIGITS) {
      throw unexpected("a number of at most %d digits".formatted(MOST_DIGITS));
    }
    return Long.parseLong(take().text());
  }

  private Token peek() {
    return tokens.get(next);
  }

  private Token take() {
    return tokens.get(next++);
  }

  private boolean took(String sign) {
    if (!peek().is(sign)) {
      return false;
    }
    next++;
    return true;
  }

  private void need(String sign) throws TemplateException {
    if (!took(sign)) {
      throw unexpected("'%s'".formatted(sign));
    }
  }

  private TemplateException unexpected(String wanted) {
    return Lexer.unexpected(source, peek().at(), wanted);
  }
}
