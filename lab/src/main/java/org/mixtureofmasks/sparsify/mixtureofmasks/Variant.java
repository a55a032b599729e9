package org.mixtureofmasks.sparsify.mixtureofmasks;

/** Which weights are masked. */
public enum Variant {
  /** The intermediate neurons (paper Eq. 3). */
  MOM(false, false),
  /** The outputs of the gate and of the up projection, each with masks of its own. */
  MOM_FW(true, false),
  /** The intermediate neurons and the FFN's inputs. */
  MOM_FH(false, true),
  /** The outputs of both projections and the FFN's inputs. */
  MOM_FWH(true, true);

  private final boolean projections;
  private final boolean inputs;

  Variant(boolean projections, boolean inputs) {
    this.projections = projections;
    this.inputs = inputs;
  }

  /** Whether the gate and the up projection have masks of their own. */
  public boolean masksProjections() {
    return projections;
  }

  /** Whether the dimensions of the FFN's input are masked. */
  public boolean masksInputs() {
    return inputs;
  }
}
