package org.mixtureofmasks.io;

import org.mixtureofmasks.UserError;

/** Token ids that a model is to read: an id outside its vocabulary would read other weights. */
public final class TokenIds {
  private TokenIds() {}

  /**
   * Refuses ids that are not in [0, vocabSize).
   *
   * @param ids of a text
   * @param vocabSize tokens of the model's vocabulary
   * @param where of which text they are: "token 3 of WHERE is id 7, outside ..."
   * @param remedy what to do about it, the end of the error's line
   * @throws UserError naming the first such id
   */
  public static void require(int[] ids, int vocabSize, String where, String remedy) {
    require(ids, 0, ids.length, vocabSize, where, remedy);
  }

  /**
   * Refuses ids of a part that are not in [0, vocabSize).
   *
   * @param ids of which ids[from, from + count) are looked at
   * @param from place of the first one, which errors call token 0
   * @param count how many
   * @param vocabSize tokens of the model's vocabulary
   * @param where of which text they are, as for the whole
   * @param remedy what to do about it, as for the whole
   * @throws UserError naming the first such id
   */
  public static void require(
      int[] ids, int from, int count, int vocabSize, String where, String remedy) {
    for (int i = from; i < from + count; i++) {
      if (ids[i] < 0 || ids[i] >= vocabSize) {
        throw outside("token %d of %s".formatted(i - from, where), ids[i], vocabSize, remedy);
      }
    }
  }

  /** The error of one id, for those who read ids one by one. */
  static UserError outside(String token, long id, int vocabSize, String remedy) {
    return new UserError(
        "%s is id %d, outside the model's vocabulary of %d tokens (0 to %d): %s"
            .formatted(token, id, vocabSize, vocabSize - 1, remedy));
  }
}
