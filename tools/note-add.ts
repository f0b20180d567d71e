import { z } from 'zod'
import { defineTool } from './define-tool.ts'

/** The note is the step's output: it stays in the run's history, where a person reads what the agent thought. */
export const noteAdd = defineTool({
  id: 'note.add',
  description: "Writes a note into the run's history",
  safety: 'pure',
  needsDevice: false,
  input: z.strictObject({ text: z.string().min(1).max(8_000) }),
  output: z.strictObject({ note: z.string() }),
  call: async ({ text }) => ({ note: text }),
})
