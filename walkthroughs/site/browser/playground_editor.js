// The editor: CodeMirror, in the colours of the page, which marks the line where a program has gone wrong.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: "var(--accent)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: tags.string, color: "var(--value)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--lit)" },
]);

const LOOK = EditorView.theme({
  "&": { height: "100%", color: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { font: '14px/1.55 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace' },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { background: "var(--page)", color: "var(--faint)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { background: "color-mix(in srgb, var(--focus) 8%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "color-mix(in srgb, var(--focus) 30%, transparent)" },
  ".cm-tooltip": { background: "var(--panel)", color: "var(--text)", border: "1px solid var(--edge)" },
  ".cm-matchingBracket": { background: "var(--now)", outline: "none" },
});

// `changed` is called when somebody has typed, `run` for Ctrl+Enter.
export function editorIn(place, changed, run) {
  const keys = [{ key: "Mod-Enter", run: () => (run(), true) }, ...defaultKeymap, ...historyKeymap, indentWithTab];
  return new EditorView({
    parent: place,
    state: EditorState.create({
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), indentUnit.of("    "), bracketMatching(),
        highlightActiveLine(), syntaxHighlighting(COLOURS), python(), lintGutter(), keymap.of(keys), LOOK,
        EditorView.contentAttributes.of({ "aria-label": "Program; Escape, then Tab, leaves it", autocapitalize: "off", spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
      ],
    }),
  });
}

export const textOf = (editor) => editor.state.doc.toString();

export function setText(editor, text) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, selection: { anchor: 0 } });
}

// Marks a line, from a column to its end; null marks none.
export function mark(editor, error) {
  const diagnostics = [];
  if (error?.line) {
    const line = editor.state.doc.line(Math.min(error.line, editor.state.doc.lines));
    const indent = line.text.length - line.text.trimStart().length;
    const from = Math.min(line.from + Math.max(error.column - 1, indent), Math.max(line.from, line.to - 1));
    diagnostics.push({ from, to: line.to, severity: "error", message: error.message });
  }
  editor.dispatch(setDiagnostics(editor.state, diagnostics));
}

export function goToLine(editor, number) {
  const line = editor.state.doc.line(Math.min(number, editor.state.doc.lines));
  editor.dispatch({ selection: { anchor: line.from }, scrollIntoView: true });
  editor.focus();
}
