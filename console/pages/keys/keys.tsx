import './keys.css'
import { useSignal } from '@preact/signals'
import type { Key, Page } from '../../api/answers.ts'
import { pathOf, send } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { queryOf } from '../../base/router.ts'
import { attempt } from '../../base/toasts.tsx'
import { useResource } from '../../live/resource.ts'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { MadeKey, NewKey } from './new-key.tsx'

/** Who may come in: keys by name, role and team. The keys themselves are told once, when they are made. */
export function Keys() {
  const keys = useResource<Page<Key>>('/v1/keys')
  const making = useSignal(false)
  const all = keys.data.value?.items
  const rows = all ? inOrder(all.filter((key) => isAskedFor(key, queryOf('q')))) : []
  const revoke = async ({ id, name, role }: Key): Promise<void> => {
    const text = `Whoever uses this ${role} key is out from that moment on. It cannot be taken back.`
    const yes = await confirmed({ title: `Revoke ${name}?`, text, action: 'Revoke', danger: true })
    if (yes === undefined) return
    await attempt(() => send('DELETE', pathOf('keys', id)), `${name} is revoked`)
    keys.reload()
  }
  return (
    <>
      <PageHead title="Keys" count={all?.filter(({ revokedAt }) => revokedAt === null).length}>
        {(all?.length ?? 0) > 0 && <SearchField label="Search keys" />}
        <button type="button" class="button primary" onClick={() => (making.value = true)}>
          <Icon name="plus" size={14} /> New key
        </button>
      </PageHead>
      {!all && (keys.error.value ? <LoadProblem error={keys.error.value} onRetry={keys.reload} /> : <Loading />)}
      {all?.length === 0 && (
        <EmptyState title="No keys yet" icon="key">
          <p>
            Only programs on this machine can reach the server now, and they need no key. Make one to let others in:
            from then on every call needs a key, and what it does is noted in the <a href="/audit">audit</a> under its
            name.
          </p>
        </EmptyState>
      )}
      {all && all.length > 0 && rows.length === 0 && (
        <EmptyState title="No key is called that" icon="search">
          <p>Names, roles and teams are searched.</p>
        </EmptyState>
      )}
      {rows.length > 0 && <Table label="Keys" columns={columns(revoke)} rows={rows} keyOf={({ id }) => id} />}
      <footer class="page-foot">
        <CurlHint method="POST" path="/v1/keys" body={{ name: 'ci', role: 'operator' }} />
      </footer>
      {making.value && (
        <NewKey onClose={() => (making.value = false)} onMade={keys.reload} isFirst={all?.length === 0} />
      )}
      <MadeKey />
    </>
  )
}

function columns(revoke: (key: Key) => Promise<void>): Column<Key>[] {
  return [
    {
      id: 'name',
      label: 'Name',
      width: 'minmax(10rem, 1.5fr)',
      cell: ({ name, revokedAt }) => <strong class={revokedAt === null ? '' : 'muted'}>{name}</strong>,
    },
    { id: 'role', label: 'Role', width: '7rem', cell: ({ role }) => role },
    { id: 'team', label: 'Team', width: '9rem', cell: ({ team }) => team },
    { id: 'made', label: 'Made', width: '9rem', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      id: 'used',
      label: 'Last used',
      width: '9rem',
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? <span class="muted">never</span> : <Ago at={lastUsedAt} />),
    },
    {
      id: 'state',
      label: 'State',
      width: '9rem',
      cell: ({ revokedAt }) =>
        revokedAt === null ? <StateBadge state="active" tone="ok" /> : <StateBadge state="revoked" tone="over" />,
    },
    {
      id: 'do',
      label: 'Actions',
      width: '6rem',
      align: 'right',
      cell: (key) =>
        key.revokedAt === null && (
          <button type="button" class="button" aria-label={`Revoke ${key.name}`} onClick={() => void revoke(key)}>
            Revoke
          </button>
        ),
    },
  ]
}

/** Those that work first, the latest on top. */
function inOrder(keys: readonly Key[]): Key[] {
  return keys.toSorted(
    (a, b) => Number(a.revokedAt !== null) - Number(b.revokedAt !== null) || b.createdAt.localeCompare(a.createdAt),
  )
}

function isAskedFor({ name, role, team }: Key, q: string): boolean {
  return `${name} ${role} ${team}`.toLowerCase().includes(q.toLowerCase())
}
