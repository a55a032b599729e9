/** Lines of quality rather than structures: neurons chosen anew for every token. */
package org.mixtureofmasks.sparsify.pertoken;
