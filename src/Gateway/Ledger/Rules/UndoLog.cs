namespace Gateway.Ledger.Rules;

/// <summary>Changes collections, and remembers how to take each change back.</summary>
internal sealed class UndoLog
{
    private readonly Stack<Action> _undo = new();

    /// <summary>Changes so far.</summary>
    public int Count => _undo.Count;

    /// <summary>Takes back the last changes until this many are left.</summary>
    public void RollBackTo(int count)
    {
        while (_undo.Count > count)
            _undo.Pop()();
    }

    public void Set<TKey, TValue>(Dictionary<TKey, TValue> rows, TKey key, TValue value)
        where TKey : notnull
    {
        if (rows.TryGetValue(key, out var old))
            _undo.Push(() => rows[key] = old);
        else
            _undo.Push(() => rows.Remove(key));
        rows[key] = value;
    }

    public void Remove<TKey, TValue>(Dictionary<TKey, TValue> rows, TKey key)
        where TKey : notnull
    {
        if (rows.Remove(key, out var old))
            _undo.Push(() => rows[key] = old);
    }

    /// <summary>Of a change that was made elsewhere.</summary>
    public void Add(Action undo) => _undo.Push(undo);

    public void Add<T>(HashSet<T> set, T item)
    {
        if (set.Add(item))
            _undo.Push(() => set.Remove(item));
    }

    public void Add<T>(List<T> list, T item)
    {
        list.Add(item);
        _undo.Push(() => list.RemoveAt(list.Count - 1));
    }
}
