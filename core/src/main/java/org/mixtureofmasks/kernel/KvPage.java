package org.mixtureofmasks.kernel;

/**
 * The keys and values of {@link KvHead#PAGE} slots of all key-value heads of a layer, as a {@link
 * KvFormat} stores them. Each head's share of both arrays lies together.
 *
 * @param floats what the format keeps as floats: all numbers, or scales
 * @param ints what it packs
 */
public record KvPage(float[] floats, int[] ints) {}
