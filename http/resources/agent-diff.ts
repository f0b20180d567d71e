import { z } from 'zod'
import { diffDefinitions, diffText } from '../../actors/agents/registry/definition-diff.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Count } from '../views/view.ts'
import { json } from '../wire/reply.ts'
import { Anything, Id } from '../wire/words.ts'

/** What changed between two versions of an agent, in its text and in its meaning. */
export function agentDiffRoute({ platform: { agents } }: Deps): Route {
  return route('GET /v1/agents/:id/diff', {
    tag: 'agents',
    summary: 'What differs between two versions: line by line, and by meaning',
    params: z.strictObject({ id: Id }),
    query: z.strictObject({ from: Id, to: Id }),
    answers: { 200: Diff },
    async handle({ by, params: { id }, query: { from, to } }) {
      const [before, after] = await Promise.all([agents.version(by, id, from), agents.version(by, id, to)])
      const [left, right] = await Promise.all([agents.source(by, id, from), agents.source(by, id, to)])
      return json({
        id,
        from,
        to,
        hunks: diffText(left, right),
        changes: diffDefinitions(before.definition, after.definition),
      })
    },
  })
}

const Diff = z.strictObject({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  hunks: z
    .array(
      z.strictObject({
        oldStart: Count,
        oldLines: Count,
        newStart: Count,
        newLines: Count,
        lines: z.array(z.string()).describe('Each begins with a space, - or +'),
      }),
    )
    .describe('Of the texts as they were imported, with three lines of context'),
  changes: z
    .array(
      z.strictObject({
        path: z.string(),
        kind: z.enum(['added', 'removed', 'changed']),
        from: Anything,
        to: Anything,
      }),
    )
    .describe('Of what the texts mean, whatever their layout'),
})
