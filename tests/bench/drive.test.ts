import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { compareCounts, WrongAnswer } from '../../bench/contestant.ts'
import { drive, openBooks } from '../../bench/drive.ts'

describe('the load of the benchmark', () => {
  it('keeps as many calls under way as there are lanes, and counts every one that was begun', async () => {
    let underWay = 0
    let most = 0
    let begun = 0
    const { events, seconds } = await drive({
      lanes: 5,
      durationMs: 50,
      perCall: 10,
      async call() {
        begun += 1
        most = Math.max(most, ++underWay)
        await pause(3)
        underWay -= 1
      },
    })
    expect([most, underWay, events]).toEqual([5, 0, begun * 10])
    expect(seconds).toBeGreaterThanOrEqual(0.05)
  })

  it('fails with the first call that fails', async () => {
    const call = () => Promise.reject(new WrongAnswer('answered 500'))
    await expect(drive({ lanes: 2, durationMs: 10, call })).rejects.toThrow('answered 500')
  })

  it('hands out actors in turn', () => {
    const books = openBooks(3)
    expect(Array.from({ length: 5 }, () => books.next())).toEqual([0, 1, 2, 0, 1])
    books.acknowledge(1)
    expect(books.acknowledged).toEqual([0, 1, 0])
  })
})

describe('the check of the books', () => {
  it('finds an event that was lost, one that was applied twice, and an actor that is gone', () => {
    expect(() => compareCounts('x', [1, 2], [1, 2])).not.toThrow()
    expect(() => compareCounts('x', [1, 2], [1, 1])).toThrow('actor 1: 2 acknowledged, 1 applied')
    expect(() => compareCounts('x', [1, 2], [2, 2])).toThrow('actor 0: 1 acknowledged, 2 applied')
    expect(() => compareCounts('x', [1, 2], [1])).toThrow(WrongAnswer)
    expect(() => compareCounts('x', [1], [1, 2])).toThrow(WrongAnswer)
  })
})
