/** A text of ours with `code` between backticks, paragraphs between empty lines. */
export function Prose({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(/\n{2,}/).map(paragraph => (
        <p key={paragraph}>
          <Inline text={paragraph} />
        </p>
      ))}
    </>
  )
}

/** The same within a line. */
export function Inline({ text }: { readonly text: string }) {
  // Every second part stood between backticks.
  return <>{text.split('`').map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
}
