// XML in one form, so that two documents can be held against each other: attributes sorted, blanks
// between elements gone. Just enough of XML for TwiML, and it stops at anything else.
export function canonical(xml) {
  const pieces = xml.match(/<[^>]*>|[^<]+/g) ?? [];
  const out = [];
  const open = [];
  for (const piece of pieces) {
    if (piece.startsWith('<?')) continue;
    if (!piece.startsWith('<')) {
      const text = piece.trim();
      if (text) out.push(text.replace(/\s+/g, ' '));
      continue;
    }
    const tag = piece.match(/^<(\/?)([A-Za-z]+)((?:\s+[A-Za-z]+="[^"]*")*)\s*(\/?)>$/);
    if (!tag) throw new Error('not TwiML: ' + piece);
    const [, closes, name, attributes, empty] = tag;
    if (closes) {
      if (open.pop() !== name) throw new Error('wrong end: ' + piece);
      out.push('</' + name + '>');
      continue;
    }
    const sorted = [...attributes.matchAll(/\s+([A-Za-z]+="[^"]*")/g)].map((a) => a[1]).sort();
    out.push('<' + [name, ...sorted].join(' ') + '>');
    if (empty) {
      out.push('</' + name + '>');
    } else {
      open.push(name);
    }
  }
  if (open.length) throw new Error('not closed: ' + open.join(' '));
  return out.join('');
}
