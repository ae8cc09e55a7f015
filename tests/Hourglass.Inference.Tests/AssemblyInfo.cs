// Memory is measured for the whole process, and readers use every core by themselves.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
