import type { Measured } from '../stats.ts'

/** A contestant in a process of its own, driven over Node's IPC: the benchmark's own process then does nothing. */
export interface Program {
  /** Measures a row for so long. */
  measure(row: string, durationMs: number): Promise<Measured>
  /** Actors that were looked at; throws what is wrong. */
  verify(): Promise<number>
  stop(): Promise<void>
}

export interface Order {
  id: number
  do: 'measure' | 'verify' | 'stop'
  row: string
  durationMs: number
}

export type Report = { id: number; result: unknown } | { id: number; error: string } | { ready: true }

/** Takes orders from the parent until it is stopped or the parent is gone. */
export function serve(program: Program): void {
  const report = (message: Report): void => void process.send?.(message)
  const obey = async ({ row, durationMs, ...order }: Order): Promise<unknown> => {
    if (order.do === 'measure') return program.measure(row, durationMs)
    return order.do === 'verify' ? program.verify() : program.stop()
  }
  process.on('message', (order: Order) => {
    obey(order)
      .then(
        (result) => report({ id: order.id, result }),
        (error: unknown) =>
          report({ id: order.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
      .finally(() => {
        if (order.do === 'stop') setTimeout(() => process.exit(0), 50)
      })
  })
  process.on('disconnect', () => process.exit(1))
  // Ctrl-C in a terminal reaches the whole group: the parent decides when we end.
  process.on('SIGINT', () => undefined)
  report({ ready: true })
}
