/**
 * Pages for readers: tables, and the report of an analysis, drawn from analysis.json and nothing
 * else.
 */
@NullMarked
package org.mixtureofmasks.report;

import org.jspecify.annotations.NullMarked;
