package org.mixtureofmasks.task;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One document as a model is asked it.
 *
 * @param id position in the scored split, from 0
 * @param document the document as read, for the samples file
 * @param before what every context begins with: the task's description and examples
 * @param asks what is asked: one for each choice, in their order; one for a task of another kind
 * @param choices the choices' texts, whose lengths acc_norm divides by; empty for other kinds
 * @param gold index of the right choice; 0 for other kinds
 */
public record Question(
    int id, JsonNode document, String before, List<Ask> asks, List<String> choices, int gold) {

  /**
   * How likely is the continuation after the context? A rolling text has an empty context.
   *
   * @param context few-shot examples and the question
   * @param continuation what is scored, its leading space included
   */
  public record Ask(String context, String continuation) {}

  public Question {
    asks = List.copyOf(asks);
    choices = List.copyOf(choices);
  }

  /** The document's own part of the first context: its question, as the prompt has it. */
  public String text() {
    return asks.getFirst().context().substring(before.length());
  }
}
