/**
 * Templates: the part of Jinja that prompts need, with Python's methods on texts. {@link
 * org.mixtureofmasks.template.Template} is the way in; a lexer, a parser and an evaluator stand
 * behind it, each apart. Knows neither tasks nor chats: they bring their own filters and variables.
 */
@NullMarked
package org.mixtureofmasks.template;

import org.jspecify.annotations.NullMarked;
