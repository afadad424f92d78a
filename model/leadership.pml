/*
 * Who leads: claim, grant, self-succession, lease and renounce, yield, crash and restart, creates that land late,
 * and (with -DADDRESS) the move of the address. docs/protocol.md is the text, src/core the code.
 *
 * Time is order only. A promise, a grant and a lease end at any moment, but the holder's count ends before the
 * waiter's: that is what PROMISE_ENDS and LEASE_OVER wait for, and what timing.pml proves with clocks that count.
 * Messages have no queue. What was once said (a heartbeat of a term, a yield) may be heard at any later time, again
 * and again, or never; a reply is on its way as long as the promise that it carries can last.
 *
 * Every rule is a guard G_x and an effect E_x. The verification tries all of them in all orders; with -DTRACE the
 * same guards and effects are driven by the record of a simulated run (check of acceptance). -D<MUTANT> breaks one.
 */
#ifndef N
#define N 2
#endif
#ifndef TMAX
#define TMAX 4
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define SLOTS (TMAX + 2)
#define ALL ((1 << N) - 1)
#define BIT(mask, n) (((mask) >> (n)) & 1)
#define NOBODY 0

/* The witness: term t belongs to owner[t] - 1, whose incarnation still runs (alive). It binds the nodes of tlease[t]. */
byte owner[SLOTS], tlease[SLOTS];
bool alive[SLOTS];
/* Heard at any time after it was said: t's owner yielded to yieldTo[t] - 1, whose incarnation still runs. */
byte yieldTo[SLOTS];
bool yieldAlive[SLOTS];
/* granted[t]: nodes whose reply to a heartbeat of t may still be on its way. */
byte granted[SLOTS];

/* Each node: what it knows and what it is. */
byte newest[3];
bool starting[3], lead[3];
byte reign[3];
/* The create that is undecided: its term and whom its record binds. */
byte cterm[3], clease[3];
/* Bound by a live grant, by the live lease of the term, by that of the undecided create. */
byte grants[3], live[3], plive[3];
/* A promise lasts as long as a reply that carries it may bind; an earlier incarnation may have given it. */
#if defined(TRACE) || defined(GRANT_FROM_ANSWER)
bool pledge[3];
#define promised(n) pledge[n]
#define PROMISE(n, v) pledge[n] = v
#else
#define promised(n) BIT(granted[1] | granted[2] | granted[TMAX - 1] | granted[TMAX], n)
#define PROMISE(n, v) skip
#endif
/* Its wait for the lease of the newest term is over. */
bool over[3];
byte waiver[3];
/* A create of an incarnation that is gone, still on its way. */
byte zterm[3], zlease[3];
#ifdef FORGETS_TERMS
#define remembers(b, t) false
#define REMEMBER(n) skip
#define SUPERSEDE(n) skip
#else
/* The highest term that an earlier incarnation knew or tried to create: nothing older is granted. */
byte floor[3];
#define remembers(b, t) (floor[b] > (t))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#ifdef FORGETS_ITS_CREATE
#define REMEMBER(n) floor[n] = MAX(floor[n], newest[n])
#else
#define REMEMBER(n) floor[n] = MAX(floor[n], MAX(newest[n], cterm[n]))
#endif
#define SUPERSEDE(n) floor[n] = (floor[n] > newest[n] -> floor[n] : 0)
#endif
byte i;
#define EACH_TERM(what) i = 1; do :: i <= TMAX -> what; i++ :: else -> break od; i = 0

#define mine(n, t) (owner[t] == (n) + 1 && alive[t])
#define yielding(n) (yieldTo[newest[n]] != NOBODY)
#ifdef NEXT_LEASE_AT_ONCE
#define leased(n) (cterm[n] == 0 -> live[n] : (live[n] | plive[n]))
#else
#define leased(n) (cterm[n] == 0 -> live[n] : (live[n] & plive[n]))
#endif
#ifdef ANY_GRANT_INSTEAD_OF_ALL
#define bound(n) ((grants[n] | leased(n)) != 0)
#else
#define bound(n) (((grants[n] | leased(n) | (1 << (n))) & ALL) == ALL)
#endif
#ifdef AUTHORITY_WHILE_YIELDING
#define auth(n) (lead[n] && bound(n))
#else
#define auth(n) (lead[n] && !yielding(n) && bound(n))
#endif

/* S1 as the nodes see it, and S2. */
#define oneOwner(a, b) !(lead[a] && lead[b] && newest[a] == newest[b])
#define oneAuthority(a, b) !(auth(a) && auth(b))
#define BROKEN(rule) printf("@ broken: %e\n", rule); assert(false)
mtype = { S1_one_owner_per_term, S2_one_authority, S3_older_change, S4_change_without_authority };
inline judge() {
  if
  :: oneOwner(0, 1) && oneOwner(0, 2) && oneOwner(1, 2)
  :: else -> BROKEN(S1_one_owner_per_term)
  fi;
#ifndef FORCE
  if
  :: oneAuthority(0, 1) && oneAuthority(0, 2) && oneAuthority(1, 2)
  :: else -> BROKEN(S2_one_authority)
  fi
#endif
}

/* Learning a term, from a record or from anybody's message. A newer one of somebody else ends leadership (rule 8). */
#ifdef INCARNATION_IGNORED
#define isMineToIgnore(n, t) (mine(n, t) && cterm[n] == t)
#else
#define isMineToIgnore(n, t) mine(n, t)
#endif
#define G_LEARN(n, t) (newest[n] < (t) && owner[t] != NOBODY && !isMineToIgnore(n, t))
/* Replies to a reign that is over count for nothing. */
#define FORGET_REPLIES(n) EACH_TERM(granted[i] = (owner[i] == n + 1 -> 0 : granted[i]))
inline E_LEARN(n, t) {
  if :: lead[n] -> FORGET_REPLIES(n) :: else fi;
  newest[n] = t; lead[n] = false; reign[n] = 0; grants[n] = 0; live[n] = 0; plive[n] = 0;
  cterm[n] = 0; clease[n] = 0; over[n] = !BIT(tlease[t], n); SUPERSEDE(n);
#ifdef INCARNATION_IGNORED
  if :: owner[t] == n + 1 -> lead[n] = true; reign[n] = t; live[n] = tlease[t] :: else fi;
#endif
#ifndef WAIVER_BEYOND_NEXT
  waiver[n] = 0;
#endif
}

/* Sending a create of newest + 1. Whose leave it needs differs; the compare-and-set is the same. */
#ifdef NO_PROMISE
#define promiseIsOver(n) true
#else
#define promiseIsOver(n) (!promised(n))
#endif
#ifdef NO_LEASE_WAIT
#define leaseIsOver(n) true
#else
#define leaseIsOver(n) (newest[n] == 0 || over[n])
#endif
#ifdef TRACE
#define mayCreate(n) (cterm[n] == 0)
#else
/* A create of a name that is taken already comes to nothing, and meanwhile its sender does less: left out. */
#define mayCreate(n) (cterm[n] == 0 && newest[n] < TMAX && owner[newest[n] + 1] == NOBODY)
#endif
#define G_CLAIM(n) (mayCreate(n) && !lead[n] && promiseIsOver(n) && leaseIsOver(n))
/* Rule 13: starting is over with the first grant, so that this incarnation promised nothing. */
#define G_ADOPT(n) (mayCreate(n) && starting[n] && newest[n] != 0 && owner[newest[n]] == (n) + 1)
#ifdef WAIVER_BEYOND_NEXT
#define waived(n) (waiver[n] != 0)
#else
#define waived(n) (waiver[n] != 0 && waiver[n] == newest[n])
#endif
#define G_TAKE_YIELD(n) (mayCreate(n) && !lead[n] && waived(n))
#define G_FORCE(n) (mayCreate(n) && !lead[n])
/* A leader may leave out of the record only those that grant. */
#define G_DEFEND(n, mask) (mayCreate(n) && lead[n] && !BIT(mask, n) && ((ALL & ~(1 << (n)) & ~(mask)) & ~grants[n]) == 0)
inline E_CREATE(n, mask) {
  cterm[n] = newest[n] + 1; clease[n] = mask; plive[n] = mask;
}

/* The create takes effect at any time after it was sent, also when its sender is gone. */
#ifdef OVERWRITE_TERM
#define nameIsFree(t) true
#else
#define nameIsFree(t) (owner[t] == NOBODY)
#endif
#define G_LAND(n) (cterm[n] != 0 && nameIsFree(cterm[n]) && !mine(n, cterm[n]))
inline E_LAND(n) { owner[cterm[n]] = n + 1; alive[cterm[n]] = true; tlease[cterm[n]] = clease[n]; }
#define G_LAND_LATE(n) (zterm[n] != 0)
inline E_LAND_LATE(n) {
  if
  :: owner[zterm[n]] == NOBODY -> owner[zterm[n]] = n + 1; alive[zterm[n]] = false; tlease[zterm[n]] = zlease[n]
  :: else
  fi;
  zterm[n] = 0; zlease[n] = 0
}

#define G_LOSE_LATE(n) (zterm[n] != 0)
inline E_LOSE_LATE(n) { zterm[n] = 0; zlease[n] = 0 }

/* Refused before any effect and nothing in doubt; a timeout is not that (rule 7). */
#define G_FAIL(n) (cterm[n] != 0 && !mine(n, cterm[n]))
inline E_FAIL(n) {
#ifdef TIMEOUT_IS_FAILURE
  zterm[n] = cterm[n]; zlease[n] = clease[n];
#endif
  cterm[n] = 0; clease[n] = 0; plive[n] = 0
}

/* The record says that it is mine; what it gives was counted from the send. */
#ifdef TIMEOUT_IS_SUCCESS
#define G_WIN(n) (cterm[n] != 0)
#else
#ifdef RACE_LOST_IGNORED
#define G_WIN(n) (cterm[n] != 0 && owner[cterm[n]] != NOBODY)
#else
#define G_WIN(n) (cterm[n] != 0 && mine(n, cterm[n]))
#endif
#endif
inline E_WIN(n) {
  if
  :: lead[n]
  :: else -> grants[n] = 0; reign[n] = cterm[n]
  fi;
#ifdef LEASE_FROM_ANSWER
  live[n] = clease[n];
#else
  live[n] = plive[n];
#endif
  newest[n] = cterm[n]; lead[n] = true; starting[n] = false; over[n] = false; SUPERSEDE(n);
  cterm[n] = 0; clease[n] = 0; plive[n] = 0;
#ifndef WAIVER_BEYOND_NEXT
  waiver[n] = 0;
#endif
}

/* b hears a heartbeat of t, the newest that it knows, and promises; not while it claims (rules 2 and 6). */
#ifdef GRANT_WHILE_CLAIMING
#define mayGrant(b) true
#else
#define mayGrant(b) (cterm[b] == 0)
#endif
#define G_GRANT(b, t) (newest[b] == (t) && (t) != 0 && owner[t] != (b) + 1 && mayGrant(b) && !remembers(b, t))
inline E_GRANT(b, t) { PROMISE(b, true); starting[b] = false; granted[t] = granted[t] | (1 << b) }

/* The reply arrives: a grant counts from the send of the heartbeat that it answers. */
#define G_BIND(l, b, t) (lead[l] && reign[l] <= (t) && (t) <= newest[l] && BIT(granted[t], b))
inline E_BIND(l, b) { grants[l] = grants[l] | (1 << b) }
#define G_GRANT_ENDS(l, b) BIT(grants[l], b)
inline E_GRANT_ENDS(l, b) { grants[l] = grants[l] & ~(1 << b) }

/* b's own count of its promise ends after the grant that rests on it: no reply of it can bind any more. */
#ifdef GRANT_FROM_ANSWER
#define G_PROMISE_ENDS(b) promised(b)
inline E_PROMISE_ENDS(b) { PROMISE(b, false) }
#else
#define G_PROMISE_ENDS(b) (!promiseIsOver(b) && !BIT(grants[0] | grants[1] | grants[2], b))
inline E_PROMISE_ENDS(b) {
  PROMISE(b, false);
  EACH_TERM(granted[i] = granted[i] & ~(1 << b))
}
#endif

/* The leader's count of a lease ends; a renounce (rule 3) is the same, said aloud and for good. */
#define G_LEASE_ENDS(l, b) (BIT(live[l], b))
inline E_LEASE_ENDS(l, b) { live[l] = live[l] & ~(1 << b) }
#define G_NEXT_LEASE_ENDS(l, b) (BIT(plive[l], b))
inline E_NEXT_LEASE_ENDS(l, b) { plive[l] = plive[l] & ~(1 << b) }
#define G_TAKE_BACK(l, b) (lead[l] && BIT(tlease[newest[l]], b) && !BIT(live[l], b))
inline E_TAKE_BACK(l, b) { live[l] = live[l] | (1 << b) }

/* b's wait for the lease of its newest term ends after the holder's count of it. */
#ifdef LEASE_FROM_ANSWER
#define counts(o, b, t) (newest[o] == (t) && BIT(live[o], b))
#else
#define counts(o, b, t) ((newest[o] == (t) && BIT(live[o], b)) || (cterm[o] == (t) && BIT(plive[o], b)))
#endif
#define holds(o, b, t) (mine(o, t) && counts(o, b, t))
#define G_LEASE_OVER(b, t) (newest[b] == (t) && (t) != 0 && !over[b] && owner[t] != (b) + 1 \
  && !holds(0, b, t) && !holds(1, b, t) && !holds(2, b, t))
inline E_LEASE_OVER(b) { over[b] = true }

/* Rule 10. A leader with authority and nothing undecided yields; its target may hear of it. */
#define G_YIELD(l, b) (auth(l) && cterm[l] == 0 && !MOVING(l))
inline E_YIELD(l, b) { yieldTo[newest[l]] = b + 1; yieldAlive[newest[l]] = true }
#define G_WAIVE(b, t) (newest[b] == (t) && (t) != 0 && yieldTo[t] == (b) + 1 && yieldAlive[t] && !lead[b] && waiver[b] != (t))
inline E_WAIVE(b, t) { waiver[b] = t }

/*
 * The address, in the two steps of an exclusive group. Each change of the association makes a new version: who has
 * it, and in which term that was sent. A call lands at any time after its send, whatever became of its sender; its
 * sender knows any version of the past (EC2's descriptions are eventually consistent).
 */
#ifdef ADDRESS
#define VERSIONS 5
#define NONE 0
#define TAKE_FREE 1
#define RELEASE 2
byte version, holder[VERSIONS], sentIn[VERSIONS];
byte move[3], moveVersion[3], moveTerm[3];
#define MOVING(n) (move[n] != NONE)
#ifdef MOVE_ON_LEADERSHIP
#define mayMove(n) lead[n]
#else
#define mayMove(n) auth(n)
#endif
/* S4: nobody else has authority when a change is sent. */
#define alone(n) ((n == 0 || !auth(0)) && (n == 1 || !auth(1)) && (n == 2 || !auth(2)))
#define SENT_RIGHTLY(n) if :: alone(n) :: else -> BROKEN(S4_change_without_authority) fi
#define G_SEND_TAKE(n) (mayMove(n) && !MOVING(n))
inline E_SEND_TAKE(n) { SENT_RIGHTLY(n); move[n] = TAKE_FREE; moveTerm[n] = newest[n] }
#define G_SEND_RELEASE(n, v) (mayMove(n) && !MOVING(n) && v <= version && holder[v] != NOBODY && holder[v] != n + 1)
inline E_SEND_RELEASE(n, v) { SENT_RIGHTLY(n); move[n] = RELEASE; moveVersion[n] = v; moveTerm[n] = newest[n] }
/* S3: an association that a later term made is not ended by an older one. */
#ifdef S3_ALSO_INHERITED
#define spares(n) (moveTerm[n] >= sentIn[version] \
  && !(auth(holder[version] - 1) && newest[holder[version] - 1] > moveTerm[n]))
#else
#define spares(n) (moveTerm[n] >= sentIn[version])
#endif
#define SPARES(right) if :: (right) :: else -> BROKEN(S3_older_change) fi
#ifdef REASSOCIATE
#define mayTake true
#else
#define mayTake (holder[version] == NOBODY)
#endif
#ifdef RELEASE_UNNAMED
#define isNamed(n) true
#else
#define isNamed(n) (moveVersion[n] == version)
#endif
#define G_MOVE_LANDS(n) (MOVING(n) && version + 1 < VERSIONS)
inline E_MOVE_LANDS(n) {
  if
  :: move[n] == TAKE_FREE && mayTake ->
     SPARES(holder[version] == NOBODY || spares(n));
     version++; holder[version] = n + 1; sentIn[version] = moveTerm[n]
  :: move[n] == RELEASE && isNamed(n) && holder[version] != NOBODY -> SPARES(spares(n)); version++
  :: else
  fi;
  move[n] = NONE; moveVersion[n] = 0; moveTerm[n] = 0
}
#define G_MOVE_LOST(n) MOVING(n)
inline E_MOVE_LOST(n) { move[n] = NONE; moveVersion[n] = 0; moveTerm[n] = 0 }
#else
#define MOVING(n) false
#endif

/* Gone and back under a new incarnation, with nothing remembered. Its promise outlives it: it waits d at the start. */
#define G_CRASH(n) (true)
inline E_CRASH(n) {
  REMEMBER(n);
  if
  :: cterm[n] != 0 && owner[cterm[n]] == NOBODY && zterm[n] == 0 ->
     zterm[n] = cterm[n]; zlease[n] = clease[n]
  :: else
  fi;
  EACH_TERM(
    granted[i] = (owner[i] == n + 1 -> 0 : granted[i]);
    alive[i] = (owner[i] == n + 1 -> false : alive[i]);
    yieldAlive[i] = (yieldTo[i] == n + 1 -> false : yieldAlive[i]));
  newest[n] = 0; starting[n] = true; lead[n] = false; reign[n] = 0;
  cterm[n] = 0; clease[n] = 0; grants[n] = 0; live[n] = 0; plive[n] = 0; over[n] = false; waiver[n] = 0
}
