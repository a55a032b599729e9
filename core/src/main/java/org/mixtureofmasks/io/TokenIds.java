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
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabSize) {
        throw outside("token %d of %s".formatted(i, where), ids[i], vocabSize, remedy);
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
