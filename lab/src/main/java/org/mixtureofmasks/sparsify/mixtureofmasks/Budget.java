package org.mixtureofmasks.sparsify.mixtureofmasks;

/** Over which gates the density is counted. */
public enum Budget {
  EXPERT,
  LAYER,
  GLOBAL
}
