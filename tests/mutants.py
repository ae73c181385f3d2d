#!/usr/bin/env python3
"""Makes one mistake at a time in a copy of the sources and sees whether a test notices.

By hand: tests/mutants.py [PART OF A NAME ...], or --check to see whether each can still be made. Prints a Markdown table; exit code 1 if a mistake survives. Takes one to two minutes for each.
"""
import os, re, shutil, subprocess, sys, tempfile

REPEATS = ["-class", "*SqliteRepeatTests", "-class", "*PostgreSqlRepeatTests"]
HISTORY = ["-method", "*LedgerProperties.Every_history_with_repeats_on_SQLite_agrees_with_the_model"]
NEVER_SENT = ["-class", "*SqliteNeverSentTests", "-class", "*PostgreSqlNeverSentTests"]
CONNECTIONS = ["-class", "*Generations.RepeatTests", "-class", "*RepeatConnectionTests"]
AUDIT = ["-class", "*SqliteAuditTests"]
SLOTS = ["-class", "*SlotEndTests"]
SHARES = ["-class", "*SqliteShareTests", "-class", "*PostgreSqlShareTests", "-class", "*SqlitePauseTests", "-class", "*SqliteMinuteShareTests", "-class", "*SqliteSlotTests"]
JOBS = ["-class", "*SqliteJobTests", "-class", "*SqliteJobRetryTests", "-class", "*PostgreSqlJobTests"]
POWER = ["-class", "*PowerCutTests"]
GRANTS = ["-class", "*AdminLedgerTests"]
CLOCK = ["-class", "*SqliteClockTests"]
ACCOUNT = ["-class", "*AccountRequestsTests"]

RULES = "Ledger/Rules/RepeatRules.cs"
SHARE_RULES = "Ledger/Rules/ShareRules.cs"
ANSWERS = "Ledger/AnswerLedger.cs"
DELIVER = "keys => keys.Delivered.Add(answer)"
NOT_DELIVERED = "_ => { }"
HANG_UP = 'state.Move(row, row.OwedByNobody(state.Now), "answer")'
FORGET = 'state.Move(row, row with { OwedBy = null }, "answer")'
CLAIM = '        state.Move(free, claimed, "repeat");\n'
KEYLESS = "OwedBy = request.IdempotencyKey is null && options.RepeatWindow > TimeSpan.Zero ? instance : null"
UNKNOWN = "(row with { State = ReservationState.Unknown, Outcome = outcome, FencedAt = state.Now }).WithoutCaller(state.Now)"
UNKNOWN_OWED = "row with { State = ReservationState.Unknown, Outcome = outcome, FencedAt = state.Now }"

# The mistake, the file, what is replaced by what, and the tests that must notice.
MUTANTS = [
    ("a delivered twin is answered", ANSWERS, DELIVER, NOT_DELIVERED, REPEATS),
    ("a delivered twin is answered (histories)", ANSWERS, DELIVER, NOT_DELIVERED, HISTORY),
    ("an undelivered request is forgotten", RULES, HANG_UP, FORGET, REPEATS),
    ("an undelivered request is forgotten (histories)", RULES, HANG_UP, FORGET, HISTORY),
    ("a claim is not part of the admission", RULES, CLAIM, "", REPEATS),
    ("a claim is not part of the admission (histories)", RULES, CLAIM, "", HISTORY),
    ("a request with a key answers one without", "Ledger/Rules/AdmissionRules.cs", KEYLESS, "OwedBy = instance", REPEATS),
    ("a request with a key answers one without (histories)", "Ledger/Rules/AdmissionRules.cs", KEYLESS, "OwedBy = instance", HISTORY),
    ("an error counts as delivery", "Ledger/Rules/OutcomeRules.cs", UNKNOWN, UNKNOWN_OWED, REPEATS),
    ("an error counts as delivery (histories)", "Ledger/Rules/OutcomeRules.cs", UNKNOWN, UNKNOWN_OWED, HISTORY),
    ("a report of an earlier caller counts", RULES, " && row.OwedAt == answer.Since", "", REPEATS),
    ("a delivery to an earlier caller counts on SQLite", "Ledger/Sqlite/SqliteLedgerStatements.cs", "and owed_by = ?2 and owed_at = ?3", "and owed_by = ?2 and ?3 > 0", REPEATS),
    ("a delivery to an earlier caller counts on PostgreSQL", "Ledger/PostgreSql/PostgreSqlLedgerStatements.cs", "where r.id = a.id and r.owed_by = $2 and r.owed_at = a.since", "where r.id = a.id and r.owed_by = $2", REPEATS),
    ("a dead replica still owes", RULES, "(replica is null || replica.LeaseUntil <= state.Now)", "false", REPEATS),
    ("a deleted generation answers", "Ledger/LedgerStore.cs", "(g.deleted_at is not null or g.status = 'FAILED')", "1 = 2", REPEATS),
    ("a delivery is never written", "Ledger/Writer/LedgerWriter.cs", "            _operations.TakeLazy(batch, MaxBatchSize);", "            { }", REPEATS),
    ("the window is ignored", RULES, "return state.Now - row.OwedAt < options.RepeatWindow;", "return true;", REPEATS),
    ("hang-ups are decided after admissions", "Ledger/Writer/WriterBatch.cs", "operations.OrderBy(operation => !operation.ComesFirst)", "operations", REPEATS),
    ("another replica is not waited for", RULES, "if (equal.Exists(row => IsUncertain(row, request.WaitsSince)))", "if (equal.Count < 0)", REPEATS),
    ("an equal request is not waited for", "Generations/PendingAnswers.cs", "while (earlier.Length > 0)", "while (earlier.Length < 0)", CONNECTIONS),
    ("a reset counts as delivery", "Edge/Delivery/WatchedAnswer.cs", "Complete(await closing.EndsInOrderAsync(ResetTime));", "Complete(await closing.EndsInOrderAsync(ResetTime) || true);", CONNECTIONS),
    ("the gateway's own close counts as a reset", "Edge/Delivery/WatchedAnswer.cs", "        if (isLast)\n            OnClosed();", "        if (isLast)\n            Complete(isDelivered: false);", CONNECTIONS),
    ("a next request says nothing of the last answer", "Edge/Delivery/WatchedAnswer.cs", "        if (_isWritten)\n            Complete(isDelivered: true);", "        if (_isWritten) { }", CONNECTIONS),
    ("a scan is priced into a statement of the ledger", "Ledger/LedgerStore.cs", "from ledger where id = 1) - 120000000", "from ledger) - 120000000", ["-class", "*PostgreSqlPlanTests"]),
    ("a deleted generation is deleted upstream at once", "Results/ResultEndpoints.cs", "if ((found.IsEnded || found.StuckAt is not null) && await", "if (await", SLOTS),
    ("a deletion that fails is not repeated", "Results/Watcher.cs", "            Log.NotDeleted(log, claim.Id, fault.Why);\n            return;\n", "            Log.NotDeleted(log, claim.Id, fault.Why);\n", SLOTS),
    ("an abandoned request is free", "Ledger/Writer/LedgerOperation.cs", "_completion.Task.IsCanceled ? Outcome.Abandoned : null", "null", NEVER_SENT),
    ("a 503 counts", "Ledger/LedgerStore.cs", "status is null or status = 503 or", "status is null or", NEVER_SENT),
    ("the last minute is pruned", "Ledger/LedgerStore.cs", "- 120000000 ", "- 30000000 ", NEVER_SENT),
    ("events of what was never sent stay", "Ledger/Sqlite/SqliteLedgerStore.cs", "                sql.PruneEventsNeverSent.Execute();\n", "", NEVER_SENT),
    ("what was sent is pruned", "Ledger/LedgerStore.cs", "where state = 'V' and forwarded_at is null and job_id", "where state = 'V' and job_id", NEVER_SENT),
    ("the owner is not audited", "Ledger/Maintenance/AuditedReservation.cs", "if ((State == ReservationState.Settled) != Owned is not null", "if (false", AUDIT),
    ("the last slots are kept for nobody", SHARE_RULES, "(!TakesLast(tenant, competition) && ", "(", SHARES),
    ("a slot is kept only for who has none", SHARE_RULES, "< ShareOf(other, options.ConcurrentGenerations)", "== 0", SHARES),
    ("a minute is used up in a burst", SHARE_RULES, "            || IsTooFast();", "            ;", SHARES),
    ("weights are ignored", SHARE_RULES, "TurnLength / weightOf(tenant)", "TurnLength", SHARES),
    ("a pause is ignored", SHARE_RULES, "state.Ledger.PausedUntil <= state.Now\n        && ", "", SHARES),
    ("after a pause all are sent at once", SHARE_RULES, "(state.Ledger.Probes == 0 || state.Competition is not { Forwarding: > 0 })", "true", SHARES),
    ("the turn of another replica is taken", SHARE_RULES, " && !IsTurnOfAnother(tenant, competition)", "", SHARES),
    ("the turn of another replica is awaited for ever", "Ledger/Rules/AwaitedTurns.cs", "return !known.IsPassed;", "return true;", SHARES),
    ("what ends in a batch still has its slot", "Ledger/Rules/LedgerUnitOfWork.cs", "        Competition?.Move(before, after, _undo);\n", "", SHARES),
    ("a place is not kept", "Ledger/Writer/KeptPlaces.cs", "return place.QueuedAt;", "return time.GetTimestamp();", SHARES),
    ("the rest uses up what is for polls", "Leonardo/AccountRequests.cs", "isOwn ? Limit : (Limit + 1) / 2", "Limit", ACCOUNT),
    ("a job passes requests with a caller", "Ledger/Rules/AdmissionRules.cs", " && !shares.IsWaiting(queued.Tenant)", "", JOBS),
    ("a job ignores its tenant's minute", "Ledger/Rules/AdmissionRules.cs", " && QuotaCalculator.AdmitsNow(state, tenant)", "", JOBS),
    ("what is tried again keeps its seed", "Ledger/Rules/JobRules.cs", "var seed = row.SeedDrawn", "var seed = false", JOBS),
    ("what is refused is tried again", "Ledger/Rules/JobRules.cs", "if (isRefused || ", "if (", JOBS),
    ("what an operator releases is sent again", "Ledger/Rules/OutcomeRules.cs", " && !absent.ByOperator", "", JOBS),
    ("jobs that fail are tried in a loop", "Ledger/Writer/JobPolling.cs", "=> time.GetTimestamp() >= _pausedUntil;", "=> true;", JOBS),
    ("a job that was not sent stays claimed", "Ledger/Rules/JobRules.cs", 'Release(row, null, "never-sent");', "state.Find(id);", JOBS),
    ("a job whose caller was refused is made", "Ledger/Rules/JobRules.cs", 'state.Move(queued, Void(queued, null) with { IdempotencyKey = null }, "withdraw");', "state.Find(id);", JOBS),
    ("a reset that a busy server has not seen counts as delivery", "Edge/Delivery/WatchedAnswer.cs", "return socket?.IsReset() != true;", "return true;", ["-class", "*UnseenResetTests"]),
    ("the account's minute does not slide", "Leonardo/AccountRequests.cs", ">= Minute)", "> 2 * Minute)", ACCOUNT),
    ("a reservation is flushed after it was sent", "Ledger/Sqlite/SqliteLedgerStore.cs", "keys.MayFlushLater && options", "options", POWER),
    ("a settlement is never flushed on its own", "Ledger/Sqlite/SqliteFlush.cs", "await flush();", "await Task.CompletedTask;", ["-class", "*SqliteFlushTests"]),
    ("what a power cut took is said not to exist", "Results/GenerationRepository.cs", "recovered is null ?", "true || recovered is null ?", POWER),
    ("balances that another has written are not read again", "Ledger/Sqlite/SqliteMemory.cs", "if (Changes() == _changes && _windows", "if (_ledger is not null && _windows", GRANTS),
    ("a replica says that it has recorded everything too early", "Ledger/Writer/LedgerWriter.cs", "!isRetry && !isPart && _retryQueue.Count == 0 && operations.Count < MaxBatchSize", "true", ["-class", "*PostgreSqlRepeatTests"]),
    ("a caller whom the server has not missed yet is there", "Generations/PendingAnswer.cs", " || isCallerGone?.Invoke() == true", "", ["-class", "*PendingAnswersTests"]),
    ("an equal request waits half a second for a caller who has gone", "Generations/PendingAnswers.cs", "earlier = [.. earlier.Where(answer => answer.IsCallerGone)];", "earlier = [];", ["-class", "*PendingAnswersTests"]),
    ("no request says which connection it came on", "Generations/ValidatedRequest.cs", "IsCallerGone = AnswerDelivery.WatchCaller(context)", "IsCallerGone = null", ["-method", "*A_caller_whose_leaving_goes_unnoticed*"]),
    ("the ledger does not ask about callers", "Generations/GenerationsFeature.cs", "            provider.GetRequiredService<QuotaLedger>().Answers.CallersRecordedUntil = answers.RecordedUntil;\n", "", ["-method", "*A_caller_whose_leaving_goes_unnoticed*"]),
    ("a sign of life says more than is recorded", "Ledger/Writer/LedgerWriter.cs", "Math.Min(started, CallersRecordedUntil())", "started", ["-class", "*PostgreSqlRepeatTests"]),
    ("a statement that failed is kept", "Storage/Sql.cs", "            changed = await command.ExecuteNonQueryAsync(cancellationToken);\n        }\n        catch\n        {\n            await command.DisposeAsync();", "            changed = await command.ExecuteNonQueryAsync(cancellationToken);\n        }\n        catch\n        {\n            await command.ReturnAsync();", ["-class", "*SqlitePreparedConnectionTests"]),
    ("a kept statement keeps its values", "Storage/SqlitePreparedConnection.cs", "        command.Parameters.Clear();\n", "", ["-class", "*SqlitePreparedConnectionTests"]),
    ("a lost transaction counts as a sign of life", "Ledger/PostgreSql/PostgreSqlLedgerStore.cs", "        var seen = state.SeenAt ?? _lastSign;", "        var seen = _lastSign = state.SeenAt ?? _lastSign;", ["-class", "*PostgreSqlRepeatTests"]),
    ("a wrong clock deletes", "Ledger/Maintenance/LedgerPruning.cs", "await LedgerTime.ReadAsync(database, cancellationToken)", "time.GetUtcNow()", CLOCK),
    ("a wrong clock deletes results", "Results/ResultPruner.cs", "await LedgerTime.ReadAsync(database, cancellationToken)", "time.GetUtcNow()", CLOCK),
    ("an answer is forgotten a day after its request", "Ledger/LedgerStore.cs", "else owed_at < {before} and owed_by not in (select id from instance) end", "else true end", CLOCK),
    ("polls wait for a clock that was set back", "Results/PollQueue.cs", "await RealignAsync(cancellationToken) > 0", "await RealignAsync(cancellationToken) < -1", CLOCK),
    ("reconciliation waits for a clock that was set back", "Reconciliation/ReconciliationRepository.cs", "reconciliation.next_at > @now and reconciliation.next_at <= @now + {Pauses[^1].Micros()}", "reconciliation.next_at > @now and {Pauses[^1].Micros()} > 0", CLOCK),
    ("the audit's clock is finer than the store's", "Ledger/Maintenance/PastAudit.cs", "UnixMicroseconds.ToTime(time.GetUtcNow().Micros())", "time.GetUtcNow()", AUDIT),
]
# Each place where the owner is part of a statement for a caller.
OWNED_BY = re.compile(r"(tenant|token) (=|<>) (@\w+|coalesce\(@\w+, \w+\))")
OWNERS = ["-class", "*OwnershipTests", "-class", "*ObjectAuthorizationTests", "-class", "*.JobTests", "-class", "*UploadTests"]


def owners(root):
    for file in ["Results/GenerationRepository.cs", "Results/JobRepository.cs", "Uploads/UploadRepository.cs"]:
        with open(os.path.join(root, "src", "Gateway", file), encoding="utf-8") as source:
            for n, line in enumerate(source, 1):
                for condition in OWNED_BY.finditer(line):
                    without = line[: condition.start()] + "1 = 1" + line[condition.end() :]
                    yield (f"`{condition[0]}` is ignored, {os.path.basename(file)}:{n}", file, line, without, OWNERS)


def run(copy, command, minutes):
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60 * minutes)


def judge(copy, file, old, new, tests):
    path = os.path.join(copy, "src", "Gateway", file)
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if text.count(old) != 1:
        return f"not applied: the text occurs {text.count(old)} times", False
    with open(path, "w", encoding="utf-8") as source:
        source.write(text.replace(old, new))
    try:
        flags = ["-v", "q", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false"]
        if run(copy, ["dotnet", "build", "tests/Gateway.Tests", *flags], 20).returncode:
            return "not applied: it does not compile", False
        program = "tests/Gateway.Tests/bin/Debug/net10.0/Gateway.Tests.dll"
        tested = run(copy, ["dotnet", program, "-noColor", "-noLogo", *tests], 20)
        if not re.search(r"Total: [1-9]", tested.stdout):
            return "not applied: no test was run", False
        failed = re.findall(r"Gateway\.Tests\.\S+?\.(\w+?)(?:\([^)]*\))? \[FAIL\]", tested.stdout)
        return (f"caught by {len(failed)}, for example `{failed[0]}`", True) if failed else ("**survived**", False)
    except subprocess.TimeoutExpired:
        return "caught: the tests do not end", True
    finally:
        with open(path, "w", encoding="utf-8") as source:
            source.write(text)


def check(root):
    """Whether each mistake can still be made: prints those whose text does not occur once."""
    stale = []
    mutants = [*MUTANTS, *owners(root)]
    for name, file, old, _, _ in mutants:
        with open(os.path.join(root, "src", "Gateway", file), encoding="utf-8") as source:
            count = source.read().count(old)
        if count != 1:
            stale.append(f"{name}: the text occurs {count} times in {file}")
    print("\n".join(stale) or f"{len(mutants)} mistakes can be made")
    return 1 if stale else 0


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.argv[1:] == ["--check"]:
        return check(root)
    wanted = [one for one in [*MUTANTS, *owners(root)] if not sys.argv[1:] or any(part in one[0] for part in sys.argv[1:])]
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy")
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns("bin", "obj", "node_modules", ".git"))
        print("| mistake | noticed |\n| --- | --- |", flush=True)
        for name, *mutant in wanted:
            verdict, is_caught = judge(copy, *mutant)
            survived += not is_caught
            print(f"| {name} | {verdict} |", flush=True)
    print(f"\n{len(wanted) - survived} of {len(wanted)} caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
