/**
 * Pages for readers: tables, and the report of an analysis, drawn from analysis.json and nothing
 * else.
 */
package org.mixtureofmasks.report;
