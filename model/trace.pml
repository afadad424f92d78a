/*
 * Acceptance: the guards and effects of leadership.pml, driven by what simulated cores did (traces.ts writes it).
 * A record that its guard does not allow rejects the run. Everything happens in one step: there is nothing to search.
 */
#define TRACE
#include "leadership.pml"


c_decl {
  \#include <stdio.h>
  static FILE *records;
  static int line;
};
int act, n, x, y;
bool rejected, forced;

inline next() {
  c_code {
    int act = 0, n = 0, x = 0, y = 0;
    if (!records) records = fopen("records", "r");
    if (!records || fscanf(records, "%d %d %d %d", &act, &n, &x, &y) != 4) act = 0;
    line++;
    now.act = act; now.n = n; now.x = x; now.y = y;
  }
}
inline forget() {
  EACH_TERM(owner[i] = 0; alive[i] = false; tlease[i] = 0; granted[i] = 0; yieldTo[i] = 0; yieldAlive[i] = false);
  n = 0;
  do
  :: n < 3 ->
     newest[n] = 0; starting[n] = true; lead[n] = false; reign[n] = 0; cterm[n] = 0; clease[n] = 0; grants[n] = 0;
     live[n] = 0; plive[n] = 0; pledge[n] = false; over[n] = false; waiver[n] = 0; zterm[n] = 0; zlease[n] = 0;
     n++
  :: else -> break
  od;
  n = 0; rejected = false; forced = false
}
inline reject() {
  rejected = true;
  c_code { fprintf(stdout, "rejected %d\n", line); }
}
#define on(kind, guard) act == kind && (guard)

init {
  d_step {
    next();
    do
    :: act == 0 -> c_code { fprintf(stdout, "read %d\n", line - 1); }; break
    :: act == 1 -> forget(); next()
    :: act > 1 && rejected -> next()
    :: act > 1 && !rejected ->
       if
       :: act == 2 -> owner[x] = n + 1; alive[x] = false; tlease[x] = y
       :: on(3, G_LEARN(n, x)) -> E_LEARN(n, x)
       :: on(4, G_CLAIM(n) && x == newest[n] + 1) -> E_CREATE(n, y)
       :: on(5, G_ADOPT(n) && x == newest[n] + 1) -> E_CREATE(n, y)
       :: on(6, G_TAKE_YIELD(n) && x == newest[n] + 1) -> E_CREATE(n, y)
       :: on(7, G_DEFEND(n, y) && x == newest[n] + 1) -> E_CREATE(n, y)
       :: on(8, G_FORCE(n) && x == newest[n] + 1) -> E_CREATE(n, y); forced = true
       :: on(9, G_LAND(n) && x == cterm[n]) -> E_LAND(n)
       :: on(10, G_LAND_LATE(n) && x == zterm[n]) -> E_LAND_LATE(n)
       :: on(11, G_FAIL(n)) -> E_FAIL(n)
       :: on(12, G_WIN(n) && x == cterm[n]) -> E_WIN(n)
       :: on(13, G_GRANT(n, x)) -> E_GRANT(n, x)
       :: on(14, G_BIND(n, x, y)) -> E_BIND(n, x)
       :: on(15, G_GRANT_ENDS(n, x)) -> E_GRANT_ENDS(n, x)
       :: on(16, G_PROMISE_ENDS(n)) -> E_PROMISE_ENDS(n)
       :: on(17, G_LEASE_ENDS(n, x)) -> E_LEASE_ENDS(n, x)
       :: on(18, G_NEXT_LEASE_ENDS(n, x)) -> E_NEXT_LEASE_ENDS(n, x)
       :: on(19, G_LEASE_OVER(n, x)) -> E_LEASE_OVER(n)
       :: on(20, G_YIELD(n, x)) -> E_YIELD(n, x)
       :: on(21, G_WAIVE(n, x)) -> E_WAIVE(n, x)
       :: act == 22 ->
          if :: cterm[n] != 0 -> E_LOSE_LATE(n) :: else fi;
          E_CRASH(n)
       :: on(23, auth(n) && newest[n] == x && (forced || (oneAuthority(0, 1) && oneAuthority(0, 2) && oneAuthority(1, 2)))) -> skip
       :: else -> reject()
       fi;
       next()
    od
  }
}
