package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.template.Values;

/**
 * How a document becomes a prompt, choices and an answer: the harness's ConfigurableTask, by its
 * names.
 *
 * @param description stands once before everything
 * @param text doc_to_text: the question
 * @param choices doc_to_choice: one template that gives a list, or one for each choice; empty for
 *     other kinds of tasks
 * @param target doc_to_target: the right choice's index or text, or what is scored
 * @param multipleInputs the choices are the questions, and all are followed by the same target;
 *     then {@code text} gives the right one's index
 * @param targetDelimiter between a question and its answer
 * @param fewShotDelimiter after each example
 */
record Prompts(
    DocumentTemplate description,
    DocumentTemplate text,
    List<DocumentTemplate> choices,
    DocumentTemplate target,
    boolean multipleInputs,
    String targetDelimiter,
    String fewShotDelimiter) {

  Prompts {
    choices = List.copyOf(choices);
  }

  /** An example with its answer, as build_qa_turn writes it. */
  String example(ObjectNode document) throws BadDocument {
    String question;
    String answer;
    if (multipleInputs) {
      List<String> inputs = choices(document);
      question = inputs.get(gold(document, inputs));
      answer = target.text(document);
    } else {
      question = text.text(document);
      answer = choices.isEmpty() ? target.text(document) : answer(document, choices(document));
    }
    if (answer.isEmpty()) {
      throw new BadDocument("its answer is empty");
    }
    return question + targetDelimiter + answer + fewShotDelimiter;
  }

  private String answer(ObjectNode document, List<String> texts) throws BadDocument {
    return texts.get(gold(document, texts));
  }

  /** The choices' texts; empty when the task has none. */
  List<String> choices(ObjectNode document) throws BadDocument {
    if (choices.isEmpty()) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    Object only = choices.size() == 1 ? choices.getFirst().value(document) : null;
    if (only instanceof List<?> list) {
      for (Object item : list) {
        if (!(item instanceof String text)) {
          throw new BadDocument("a choice is " + Values.kind(item) + ", not a text");
        }
        texts.add(text);
      }
    } else {
      for (DocumentTemplate choice : choices) {
        texts.add(choice.text(document));
      }
    }
    if (texts.size() < 2) {
      throw new BadDocument(texts.isEmpty() ? "it has no choices" : "it has one choice only");
    }
    return texts;
  }

  /** Index of the right choice. */
  int gold(ObjectNode document, List<String> texts) throws BadDocument {
    DocumentTemplate template = multipleInputs ? text : target;
    Object value = template.isColumn() ? template.value(document) : template.text(document);
    Optional<Long> index =
        switch (value) {
          case Long n -> Optional.of(n);
          case Boolean b -> Optional.of(b ? 1L : 0L);
          // Of a column the text itself counts, of a template its number.
          case String s when !template.isColumn() && s.matches("\\d{1,9}") ->
              Optional.of(Long.valueOf(s));
          default -> Optional.empty();
        };
    if (index.isEmpty() && value instanceof String answer && texts.contains(answer)) {
      return texts.indexOf(answer);
    }
    if (index.isEmpty() || index.get() < 0 || index.get() >= texts.size()) {
      throw new BadDocument(
          "its label is "
              + value
              + ": it must be the number of a choice, 0 to "
              + (texts.size() - 1));
    }
    return index.get().intValue();
  }

  /** What is asked of a model about a document. */
  Question question(int id, ObjectNode document, String examples, OutputType output)
      throws BadDocument {
    String before = description.text(document) + examples;
    return switch (output) {
      case LOGLIKELIHOOD_ROLLING ->
          new Question(id, document, "", List.of(ask("", target.text(document))), List.of(), 0);
      case LOGLIKELIHOOD ->
          new Question(
              id,
              document,
              before,
              List.of(ask(before + text.text(document), target.text(document))),
              List.of(),
              0);
      case MULTIPLE_CHOICE -> {
        List<String> texts = choices(document);
        int gold = gold(document, texts);
        List<Question.Ask> asks = new ArrayList<>(texts.size());
        if (multipleInputs) {
          String continuation = targetDelimiter + target.text(document);
          for (String input : texts) {
            asks.add(ask(before + input, continuation));
          }
        } else {
          // One String for all asks: contexts with many examples are large.
          String context = before + text.text(document);
          for (String choice : texts) {
            asks.add(ask(context, targetDelimiter + choice));
          }
        }
        yield new Question(id, document, before, asks, texts, gold);
      }
    };
  }

  private static Question.Ask ask(String context, String continuation) throws BadDocument {
    if (continuation.isEmpty()) {
      throw new BadDocument("the text to score is empty");
    }
    return new Question.Ask(context, continuation);
  }
}
