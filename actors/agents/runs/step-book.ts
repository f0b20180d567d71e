import type { Address } from '../../../core/address.ts'
import type { Json } from '../../../core/json.ts'
import type { Sql } from '../../../db/client.ts'
import { beginStep, endStep, findEvidence, type StepStatus, saveEvidence } from '../../../db/runs.ts'
import { insist } from '../../work/insist.ts'

/** What is written down of a run's steps. Rejects only for good: while the database is away it waits. */
export interface StepBook {
  begin(step: { position: number; step: string; tool: string; input: Json; attempt: number }): Promise<void>
  end(position: number, result: { status: StepStatus; output: Json; error: Json }): Promise<void>
  saveEvidence(evidence: { id: string; step: string; mediaType: string; bytes: Uint8Array }): Promise<void>
  findEvidence(id: string): Promise<{ bytes: Uint8Array; mediaType: string } | undefined>
}

/**
 * A lost connection must not pass for a failed call: the tool has done its work by then, and a step that is written down
 * as to be tried again would do it twice. All of these statements may be repeated.
 */
export function createStepBook(sql: Sql, run: Address, signal: AbortSignal): StepBook {
  return {
    begin: (step) => insist(() => beginStep(sql, run, step), signal),
    end: (position, result) => insist(() => endStep(sql, run, position, result), signal),
    saveEvidence: (evidence) => insist(() => saveEvidence(sql, { ...evidence, run }), signal),
    findEvidence: (id) => insist(() => findEvidence(sql, run, id), signal),
  }
}
