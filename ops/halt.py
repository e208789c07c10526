"""Standing still: no function of the stack is run, so that nothing is written while an operator mends."""

from __future__ import annotations

from ops.stack import FUNCTION, Stack


def pause(stack: Stack) -> int:
    """Take all concurrency from every function of the stack; how many those are.

    The API answers 503 then. Streams keep their records for a day, queues theirs for days; what a schedule
    would have started is made up for by the next run.
    """
    functions = stack.all_of(FUNCTION)
    for each in functions:
        stack.aws.client("lambda").put_function_concurrency(
            FunctionName=each.physical_id, ReservedConcurrentExecutions=0
        )
    return len(functions)


def resume(stack: Stack) -> int:
    """Give every function the concurrency back that its template says; how many those are."""
    client = stack.aws.client("lambda")
    reserved = stack.reserved()
    for name, count in reserved.items():
        if count is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(count))
    return len(reserved)
